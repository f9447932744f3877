// Generated from the operations of the API by `watchpost schema limits`. Do not edit.

export const Acknowledging = {
  "by": {"maxlength": 100},
  "comment": {"maxlength": 1000},
} as const;

export const AnnotationChange = {
  "by": {"maxlength": 100},
  "devices": {"most": 64},
  "text": {"maxlength": 4000},
} as const;

export const AnnotationSearch = {
  "text": {"maxlength": 200},
} as const;

export const BringBack = {
  "by": {"maxlength": 100},
  "reason": {"maxlength": 4000},
} as const;

export const ClipSearch = {
  "trigger": {"maxlength": 64},
} as const;

export const DeviceChange = {
  "by": {"maxlength": 100},
  "name": {"maxlength": 128},
  "kinds": {"most": 2},
  "silent_after_s": {"min": 0, "max": 31622400},
} as const;

export const EnrolmentRequest = {
  "code": {"maxlength": 64},
} as const;

export const Following = {
  "types": {"maxlength": 64},
} as const;

export const HoldRelease = {
  "by": {"maxlength": 100},
  "reason": {"maxlength": 4000},
} as const;

export const IncidentSearch = {
  "zone": {"maxlength": 64},
  "text": {"maxlength": 200},
} as const;

export const MuteEnd = {
  "by": {"maxlength": 100},
  "reason": {"maxlength": 4000},
} as const;

export const NewAnnotation = {
  "by": {"maxlength": 100},
  "devices": {"most": 64},
  "text": {"maxlength": 4000},
} as const;

export const NewConfiguration = {
  "by": {"maxlength": 100},
  "configuration": {"maxlength": 200000},
  "reason": {"maxlength": 4000},
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

export const NewMute = {
  "by": {"maxlength": 100},
  "reason": {"maxlength": 4000},
  "devices": {"most": 64},
  "types": {"most": 64},
} as const;

export const NewReport = {
  "by": {"maxlength": 100},
  "name": {"maxlength": 200},
} as const;

export const NewReview = {
  "by": {"maxlength": 100},
  "incidents": {"most": 500},
  "comment": {"maxlength": 4000},
  "assignee": {"maxlength": 100},
} as const;

export const NewSite = {
  "by": {"maxlength": 100},
  "name": {"maxlength": 128},
} as const;

export const NewTrial = {
  "by": {"maxlength": 100},
} as const;

export const OfCorrelation = {
  "name": {"maxlength": 64},
  "unit": {"maxlength": 16},
} as const;

export const OfExportFile = {
  "name": {"maxlength": 256},
} as const;

export const OfMotions = {
  "zone": {"maxlength": 64},
} as const;

export const OfSeries = {
  "name": {"maxlength": 64},
  "unit": {"maxlength": 16},
} as const;

export const Ordered = {
  "by": {"maxlength": 100},
} as const;

export const RoisChange = {
  "rois": {"most": 64},
} as const;

export const Selecting = {
  "type": {"maxlength": 400},
} as const;

export const SettingsChange = {
  "rois": {"most": 64},
  "zones": {"most": 64},
  "event_classes": {"most": 16},
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

export const Undo = {
  "by": {"maxlength": 100},
  "incidents": {"most": 500},
} as const;

export const Withdrawing = {
  "by": {"maxlength": 100},
} as const;

export const ZonesChange = {
  "zones": {"most": 64},
} as const;
