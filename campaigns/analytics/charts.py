"""What the charts of a report show, as ECharts options; colours and axes are the page's business."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from campaigns.analytics.figures import Figures
from campaigns.analytics.timeline import Timeline
from campaigns.words import _

Option = dict[str, Any]


def over_time(timeline: Timeline, named: Callable[[datetime], str]) -> Option:
    """Opens and clicks by people as bars; machines as a thin line, for those who ask to see it."""
    buckets, machines = timeline.buckets, _("Fetched ahead or by machines")
    return {
        "legend": {"selected": {machines: False}},  # they would dwarf the people
        "xAxis": {"data": [named(bucket.start) for bucket in buckets]},
        "yAxis": {"minInterval": 1},
        "series": [
            _bars(_("Opens"), [bucket.opens for bucket in buckets]),
            _bars(_("Clicks"), [bucket.clicks for bucket in buckets]),
            {
                "name": machines,
                "type": "line",
                "data": [bucket.machines for bucket in buckets],
                "lineStyle": {"width": 1.5, "type": "dashed", "opacity": 0.7},
                "itemStyle": {"opacity": 0.7},
            },
        ],
    }


def funnel(numbers: Figures) -> Option:
    """From the audience to those who clicked; the opens as far as they are sure."""
    sure, likely, most = numbers.opened
    steps = [_("Clicked"), _("Opened"), _("Sent"), _("Audience")]
    plain = [numbers.clicked, sure, numbers.account.sent, numbers.account.audience]
    return {
        "legend": {"data": [_("Certain"), _("Through a proxy"), _("Only fetched ahead")]},
        "xAxis": {"type": "value", "minInterval": 1},
        "yAxis": {"type": "category", "data": steps},
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
        "series": [
            _stacked(_("Certain"), plain, 1.0),
            _stacked(_("Through a proxy"), [None, likely - sure, None, None], 0.8),
            _stacked(_("Only fetched ahead"), [None, most - likely, None, None], 0.45),
        ],
    }


def _bars(name: str, data: list[int]) -> Option:
    return {"name": name, "type": "bar", "data": data, "barGap": "10%"}


def _stacked(name: str, data: Sequence[int | None], opacity: float) -> Option:
    return {
        "name": name,
        "type": "bar",
        "stack": "people",
        "data": data,
        "itemStyle": {"opacity": opacity, "borderRadius": 0},
    }
