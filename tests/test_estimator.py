from sklearn.utils.estimator_checks import parametrize_with_checks

from alen_tf import ALENClassifier

SMALL = {"epochs": 2, "hidden_units": 8, "energy_hidden_units": 8, "steps": 1, "random_state": 0}


@parametrize_with_checks([ALENClassifier(**SMALL)])
def test_checks(estimator, check):
    check(estimator)
