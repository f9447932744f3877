"""Reports: pages of minutes, incidents, alerts and what people said of them, made as exports are."""
