from alen_tf.training.workdir import default_path


def test_a_workdir_is_named_after_its_gin_file():
    for path in ("gin/digits/alen.gin", "/home/gin/digits/alen.gin", "../digits/./alen.gin"):
        assert default_path(path) == "runs/digits/alen"
    assert default_path("../alen.gin") == "runs/alen"
