import pytest

from staff.rules import CycleFound, token_digest, tree_paths, unknown_scopes


def test_paths_follow_the_tree_in_any_order():
    assert tree_paths({3: 2, 1: None, 2: 1, 9: None}) == {1: "/1/", 2: "/1/2/", 3: "/1/2/3/", 9: "/9/"}


@pytest.mark.parametrize("parents", [{1: 1}, {1: 2, 2: 1}, {1: None, 2: 3, 3: 4, 4: 2}])
def test_a_circle_is_found(parents):
    with pytest.raises(CycleFound):
        tree_paths(parents)


def test_a_digest_is_not_the_token():
    assert len(token_digest("dcrm_x")) == 32
    assert token_digest("dcrm_x") == token_digest("dcrm_x") != token_digest("dcrm_y")


def test_unknown_scopes_are_named_in_order():
    assert unknown_scopes(["b:read", "a:read", "c:read"], {"b:read"}) == ["a:read", "c:read"]
