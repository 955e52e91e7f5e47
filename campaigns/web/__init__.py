"""What the views of every room share: guards, paging, panels, error pages, the menu."""
