"""Names in gin files of version 0.1, and their new names."""

import re

_STARTED = "ALEN|DVN"
_STARTS = r", with \1.starts = @TrainingStarts()"
_METHODS = "ALEN|MinMax|DVN|SPEN|SPENEndToEnd|SPENInfNet|FeedForward"
_OF_IMAGES = "Segmentation|ClassSegmentation|FaceParts|own_segmentation"
# (configurable, parameter), as patterns, and the new name; \1 is the configurable.
_PARAMETERS = (
    ("train", "learner", "train.model, a name without parentheses: train.model = @ALEN"),
    ("train", "choose_from", "train.select_after"),
    (_METHODS, "energy_optimizer", "train.energy_optimizer"),
    (_METHODS, "inference_optimizer", "train.inference_optimizer"),
    ("ALEN", "distance", "ALEN.regression_loss"),
    ("ALEN", "a|d", "removed: it was always 1"),
    ("DVN", "uninformed", "DVN.zero_init_fraction"),
    ("ALEN", "uninformed", "TrainingStarts.zero_init_fraction" + _STARTS),
    (_STARTED, "mixed", "TrainingStarts.interpolate_fraction" + _STARTS),
    (_STARTED, "crisp", "TrainingStarts.discretize" + _STARTS),
    (_STARTED, "anywhere", r"\1.random_iterate"),
    ("GradientAscent", "normalize", 'GradientAscent.norm = "l2", or None for False'),
    ("GradientAscent", "free", "GradientAscent.active_set"),
    ("GradientAscent", "per_place", 'GradientAscent.norm = "rms"'),
    ("GradientAscent", "log_value", 'GradientAscent.objective = "log_value"'),
    (_OF_IMAGES, "views", r"\1.test_time_augmentation"),
    ("lfw_parts", "finer", "lfw_parts.high_res"),
)
_CONFIGURABLES = {"ImageViews": "TestTimeAugmentation", "agreement": "soft_pixel_accuracy"}


def hint(error):
    """The new name of an old name in gin's error, as the end of a message; empty for other
    errors."""
    for configurable, parameter, now in _PARAMETERS:
        pattern = rf"'(?:\w+\.)*({configurable})' doesn't have a parameter named '({parameter})'"
        if match := re.search(pattern, error):
            return f"; {match[1]}.{match[2]} is now {match.expand(now)}"
    for old, now in _CONFIGURABLES.items():
        named = rf"'@?(?:[\w./]*[./])?{old}(?:\(\))?'"  # 'NAME', '@NAME' or '@scope/module.NAME()'
        if re.search(f"No configurable matching (?:reference )?{named}", error):
            return f"; {old} is now {now}"
    return ""
