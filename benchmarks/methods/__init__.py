"""Methods of the literature, one question a file: does it help beside plain soft targets?"""
