// Generated from the operations of the API by `watchpost schema limits`. Do not edit.

export const Acknowledging = {
  "by": {"maxlength": 100},
  "comment": {"maxlength": 1000},
} as const;

export const AlertSearch = {
  "limit": {"min": 1, "max": 500},
} as const;

export const AnnotationChange = {
  "by": {"maxlength": 100},
  "devices": {"most": 64},
  "text": {"maxlength": 4000},
} as const;

export const AnnotationSearch = {
  "text": {"maxlength": 200},
  "limit": {"min": 1, "max": 1000},
} as const;

export const Browsing = {
  "before": {"min": 0},
  "limit": {"min": 1, "max": 500},
} as const;

export const ClipSearch = {
  "limit": {"min": 1, "max": 500},
} as const;

export const DeviceChange = {
  "by": {"maxlength": 100},
  "name": {"maxlength": 128},
  "kinds": {"most": 2},
  "silent_after_s": {"min": 0, "max": 31622400},
} as const;

export const ExportSearch = {
  "limit": {"min": 1, "max": 1000},
} as const;

export const Following = {
  "types": {"maxlength": 64},
  "after": {"min": 0},
} as const;

export const HoldRelease = {
  "by": {"maxlength": 100},
  "reason": {"maxlength": 4000},
} as const;

export const IncidentSearch = {
  "limit": {"min": 1, "max": 1000},
} as const;

export const NewAnnotation = {
  "by": {"maxlength": 100},
  "devices": {"most": 64},
  "text": {"maxlength": 4000},
} as const;

export const NewDevice = {
  "by": {"maxlength": 100},
  "name": {"maxlength": 128},
  "kinds": {"most": 2},
  "silent_after_s": {"min": 0, "max": 31622400},
} as const;

export const NewExport = {
  "by": {"maxlength": 100},
  "devices": {"most": 9},
  "speed": {"min": 4, "max": 120},
} as const;

export const NewHold = {
  "by": {"maxlength": 100},
  "reason": {"maxlength": 4000},
  "devices": {"most": 64},
} as const;

export const NewSite = {
  "by": {"maxlength": 100},
  "name": {"maxlength": 128},
} as const;

export const NewTrial = {
  "by": {"maxlength": 100},
} as const;

export const OfDetections = {
  "limit": {"min": 1, "max": 1000},
} as const;

export const OfExportFile = {
  "name": {"maxlength": 256},
} as const;

export const OfHeatMap = {
  "n": {"min": 0},
} as const;

export const OfHoles = {
  "shortest": {"min": 1, "max": 86400},
} as const;

export const OfMotion = {
  "bucket": {"min": 1, "max": 86400},
} as const;

export const OfSlot = {
  "minute": {"min": 0, "max": 4294967296},
} as const;

export const OfSnapshot = {
  "max_age": {"min": 0, "max": 86400},
  "width": {"min": 16, "max": 4096},
} as const;

export const OfTrack = {
  "max": {"min": 1, "max": 5000},
} as const;

export const OfTrend = {
  "step": {"min": 60, "max": 86400},
} as const;

export const Ordered = {
  "by": {"maxlength": 100},
} as const;

export const OverTime = {
  "step": {"min": 1, "max": 86400},
} as const;

export const PlanHorizon = {
  "hours": {"min": 0, "max": 8784},
} as const;

export const PlaylistHour = {
  "hour": {"min": 0, "max": 23},
} as const;

export const RoisChange = {
  "rois": {"most": 64},
} as const;

export const Sampling = {
  "max": {"min": 1, "max": 2000},
} as const;

export const Selecting = {
  "type": {"maxlength": 400},
  "after": {"min": 0},
  "before": {"min": 0},
  "limit": {"min": 1, "max": 1000},
} as const;

export const SettingsChange = {
  "rois": {"most": 64},
  "zones": {"most": 64},
} as const;

export const SheetOfHour = {
  "hour": {"min": 0, "max": 23},
} as const;

export const SignIn = {
  "token": {"maxlength": 1000},
} as const;

export const SignedBody = {
  "by": {"maxlength": 100},
} as const;

export const SiteChange = {
  "by": {"maxlength": 100},
  "name": {"maxlength": 128},
} as const;

export const SpriteHour = {
  "hour": {"min": 0, "max": 23},
} as const;

export const ThumbnailsHour = {
  "hour": {"min": 0, "max": 23},
} as const;

export const Watching = {
  "again": {"min": 0},
} as const;

export const WatchingVideo = {
  "again": {"min": 0},
} as const;

export const Withdrawing = {
  "by": {"maxlength": 100},
} as const;

export const ZonesChange = {
  "zones": {"most": 64},
} as const;
