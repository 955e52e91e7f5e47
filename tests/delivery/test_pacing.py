"""The pace: seen from one look to the next, steady and never absurd."""

from campaigns.delivery.pacing import pace


def test_the_first_look_knows_no_pace():
    assert pace(10, 90, "", 1000.0).rate == 0
    assert pace(10, 90, "nonsense", 1000.0).left is None


def test_from_the_second_look_on_there_is_a_pace_and_an_end():
    seen = pace(100, 900, "", 1000.0).seen
    second = pace(300, 700, seen, 1002.0)

    assert second.rate == 100
    assert second.left == 7


def test_it_follows_slowly():
    seen = pace(0, 1000, "", 1000.0).seen
    fast = pace(200, 800, seen, 1002.0)
    slow = pace(200, 800, fast.seen, 1004.0)

    assert fast.rate == 100
    assert slow.rate == 70


def test_clocks_that_go_back_and_campaigns_at_rest_do_no_harm():
    seen = pace(100, 900, "", 1000.0).seen

    assert pace(100, 900, seen, 990.0).rate == 0
    assert pace(50, 950, seen, 1002.0).left is None
