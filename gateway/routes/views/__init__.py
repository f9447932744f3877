"""Routes of views: dashboards, trends, incidents and alerts."""
