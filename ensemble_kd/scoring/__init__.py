"""A model at work and on disk: score raw rows, save with a self-test, load only what passes it."""

from ensemble_kd.scoring._load import load
from ensemble_kd.scoring._save import save
from ensemble_kd.scoring._scorer import Scorer
from ensemble_kd.scoring._selftest import make_selftest
from ensemble_kd.scoring._unseen import UnseenCount

__all__ = ["Scorer", "UnseenCount", "load", "make_selftest", "save"]
