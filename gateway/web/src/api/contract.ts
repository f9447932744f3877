// Generated from bus_schemas by `watchpost schema --typescript`. Do not edit.

/** What happened to the agent `node`. No secret is in it. `user` is its user at the broker. `configuration` is the JSON text that `signature` signs (Ed25519, base64); `devices` are those that it names, and the agent speaks for these and no others. `reason` is why it was refused, or why somebody set it. */
export interface AgentChange {
  node: string;
  state: "code_issued" | "enrolled" | "revoked" | "configured" | "applied" | "refused";
  /** At most 256 characters. */
  by?: string | null;
  /** At most 256 characters. */
  user?: string | null;
  expires?: string | null;
  version?: number | null;
  /** At most 200,000 characters. */
  configuration?: string | null;
  /** At most 128 characters. */
  signature?: string | null;
  devices: string[];
  /** At most 4,000 characters. */
  reason?: string | null;
}

export interface AgentEvent {
  specversion: "1.0";
  id: string;
  source: string;
  type: "watchpost.agent.v1";
  time: string;
  datacontenttype: "application/json";
  epoch?: string | null;
  sequence?: number | null;
  data: AgentChange;
}

/** What people are alerted to: raised, acknowledged by somebody, cleared. An `info` one is over at once. `comment` is what somebody noted who acknowledged it; `withdrawn` takes the acknowledgement back. */
export interface Alert {
  /** Letters, digits, `_`, `.`, `:` and `-`, at most 128. */
  alert_id: string;
  /** Letters, digits, `_` and `-`, at most 64. */
  site: string;
  /** Letters, digits, `_` and `-`, at most 64. */
  device: string;
  /** At most 128 characters. */
  device_name?: string | null;
  type: string;
  state: "raised" | "acknowledged" | "cleared";
  level: "info" | "warning" | "error" | "critical";
  /** At most 4,000 characters. */
  message: string;
  /** Letters, digits, `_`, `.`, `:` and `-`, at most 128. */
  incident_id?: string | null;
  /** At most 256 characters. */
  by?: string | null;
  /** At most 4,000 characters. */
  comment?: string | null;
  withdrawn: boolean;
  rule?: Rule | null;
  /** At most 1,000 items. */
  causes: string[];
  /** At most 10,000 members, 12 levels, texts of 4,000; numbers within 2^53. */
  details: Record<string, unknown>;
  /** At most 1,000 items. */
  media: string[];
}

export interface AlertEvent {
  specversion: "1.0";
  id: string;
  source: string;
  type: "watchpost.alert.v1";
  time: string;
  datacontenttype: "application/json";
  epoch?: string | null;
  sequence?: number | null;
  data: Alert;
}

/** What a person noted about a moment or a time range, of one or several devices of the site, or of all of them. Every event says the whole note as it is from then on; one that is removed comes back where it is changed or created again. Without `annotation_id` the id of the event is that of the note. `device` is the first of `devices`. */
export interface Annotation {
  text: string;
  /** At most 256 characters. */
  by: string;
  start: string;
  end?: string | null;
  /** Letters, digits, `_` and `-`, at most 64. */
  device?: string | null;
  /** Letters, digits, `_` and `-`, at most 128. */
  annotation_id?: string | null;
  state: "created" | "changed" | "removed";
  /** At most 64 items. */
  devices: string[];
  colour?: string | null;
}

export interface AnnotationEvent {
  specversion: "1.0";
  id: string;
  source: string;
  type: "watchpost.annotation.v1";
  time: string;
  datacontenttype: "application/json";
  epoch?: string | null;
  sequence?: number | null;
  data: Annotation;
}

/** What a device has captured since its agent started. `buffer_bytes` is kept of before the next recording. */
export interface CaptureStatistics {
  /** At most 9,007,199,254,740,991. */
  motion_events: number;
  /** At most 9,007,199,254,740,991. */
  recordings: number;
  /** At most 9,007,199,254,740,991. */
  snapshots: number;
  /** From 0 to 9,007,199,254,740,991. */
  recorded_s: number;
  last_motion?: string | null;
  /** At most 9,007,199,254,740,991. */
  buffer_bytes: number;
  thermal?: ThermalStatistics | null;
}

export interface ClockEvent {
  specversion: "1.0";
  id: string;
  source: string;
  type: "watchpost.clock.v1";
  time: string;
  datacontenttype: "application/json";
  epoch?: string | null;
  sequence?: number | null;
  data: ClockStep;
}

/** The clock of a node was set: what showed `before` shows `after` from here on, `step_s` seconds later or earlier. Times of this stream that were said before stay as they are; what bears one from `since` to `before` happened `step_s` later than it says, where the new time is right and the old one was wrong from `since` on. */
export interface ClockStep {
  /** From -7,258,118,400 to 7,258,118,400. */
  step_s: number;
  before: string;
  after: string;
  since?: string | null;
}

/** A request and what became of it. `site` and `device` say of whom something was asked where that is not the source. `cause` says why a request has failed where more than its `detail` is known: `timed_out` where nobody answered in time. */
export interface Command {
  /** At most 128 characters. */
  request_id: string;
  /** At most 64 characters. */
  name: string;
  state: "asked" | "done" | "failed";
  /** At most 256 characters. */
  by?: string | null;
  /** At most 4,000 characters. */
  detail?: string | null;
  /** At most 10,000 members, 12 levels, texts of 4,000; numbers within 2^53. */
  arguments: Record<string, unknown>;
  /** Letters, digits, `_` and `-`, at most 64. */
  site?: string | null;
  /** Letters, digits, `_` and `-`, at most 64. */
  device?: string | null;
  /** At most 64 characters. */
  cause?: string | null;
  /** At most 1,000 items. */
  media: string[];
}

export interface CommandEvent {
  specversion: "1.0";
  id: string;
  source: string;
  type: "watchpost.command.v1";
  time: string;
  datacontenttype: "application/json";
  epoch?: string | null;
  sequence?: number | null;
  data: Command;
}

export interface DetectedObject {
  label: string;
  score: number;
  box: [number, number, number, number];
  zone?: string | null;
}

export interface Detection {
  people_count: number;
  /** At most 64 items. */
  event_triggers: string[];
  /** At most 1,000 items. */
  objects: DetectedObject[];
  /** At most 64 characters. */
  detector?: string | null;
  /** At most 1,000 items. */
  media: string[];
}

export interface DetectionEvent {
  specversion: "1.0";
  id: string;
  source: string;
  type: "watchpost.detection.v1";
  time: string;
  datacontenttype: "application/json";
  epoch?: string | null;
  sequence?: number | null;
  data: Detection;
}

/** Recordings of a time range, made into files that can be taken away, and what became of it. `exact` begins at the very frame, otherwise at the keyframe before it. A timelapse is `speed` times as fast. `originals` puts the segments into the ZIP as they were recorded, `tables` what was measured, detected and alerted. With `report`, its name, it is a page of minutes, incidents and alerts instead, maybe of one incident; the other choices say nothing then, and without `devices` it is of all of the site. `incidents` is how many there are in it. */
export interface Export {
  /** Letters, digits, `_` and `-`, at most 128. */
  export_id: string;
  state: "asked" | "cancelled" | "removed" | "done" | "failed" | "expired";
  /** At most 256 characters. */
  by: string;
  start: string;
  end: string;
  /** At most 64 items. */
  devices: string[];
  form: "mp4" | "zip" | "grid" | "timelapse";
  exact: boolean;
  /** From 1 to 120. */
  speed: number;
  originals: boolean;
  tables: boolean;
  /** At most 200 characters. */
  report?: string | null;
  /** Letters, digits, `_` and `-`, at most 128. */
  incident_id?: string | null;
  /** From 0 to 1,000,000. */
  incidents?: number | null;
  /** At most 4,000 characters. */
  detail?: string | null;
  /** At most 256 characters. */
  file?: string | null;
  /** From 0 to 9,007,199,254,740,991. */
  size?: number | null;
  sha256?: string | null;
}

export interface ExportEvent {
  specversion: "1.0";
  id: string;
  source: string;
  type: "watchpost.export.v1";
  time: string;
  datacontenttype: "application/json";
  epoch?: string | null;
  sequence?: number | null;
  data: Export;
}

/** A fault of the hub that was raised, or is over; `reason` of a cleared one says what it was. */
export interface Fault {
  part: string;
  kind: "system_error" | "database_error" | "storage_unwritable" | "write_failed";
  since: string;
  reason: string;
  state: "raised" | "cleared";
}

export interface FaultEvent {
  specversion: "1.0";
  id: string;
  source: string;
  type: "watchpost.fault.v1";
  time: string;
  datacontenttype: "application/json";
  epoch?: string | null;
  sequence?: number | null;
  data: Fault;
}

/** The analysis of one captured frame. `None` means that it could not be judged. `freeze_diffs` are the mean absolute grey differences (-2,-1), (-2,0), (-1,0) of the pictures of `last_3_media`, where there are three, else of the last three frames. Pictures count as the same up to `freeze_threshold`. `freeze_comparisons` are said where any of them counts as the same. `blackscreen_region` is the top and the bottom of the rows that are judged, in per cent of the height. `identical_rows` is the share of rows that repeat the row above; `block_percentage` that of blocks that have come loose from their neighbours, `false_colour_percentage` that of pixels in the colours of a broken decoder. `audio_at` is when the sound ended whose level this is. A frame without an analysis says why in `skip_reason`. */
export interface Frame {
  blackscreen?: boolean | null;
  blackscreen_percentage?: number | null;
  blackscreen_threshold?: number | null;
  blackscreen_region?: [number, number] | null;
  zap?: boolean | null;
  has_bottom_content?: boolean | null;
  bottom_edge_density?: number | null;
  zap_sequence?: ZapSequence | null;
  freeze?: boolean | null;
  /** At most 64 items. */
  freeze_diffs: number[];
  /** From 0 to 255. */
  freeze_threshold?: number | null;
  /** At most 64 items. */
  freeze_comparisons: FreezeComparison[];
  /** At most 64 items. */
  last_3_media: string[];
  corrupt_rows?: boolean | null;
  identical_rows?: number | null;
  identical_rows_threshold?: number | null;
  macroblocks?: boolean | null;
  block_percentage?: number | null;
  block_threshold?: number | null;
  false_colour_percentage?: number | null;
  audio?: boolean | null;
  audio_at?: string | null;
  volume_percentage?: number | null;
  /** From -1,000 to 1,000. */
  mean_volume_db?: number | null;
  quality_score?: number | null;
  analyzed?: boolean | null;
  /** At most 4,000 characters. */
  skip_reason?: string | null;
  /** At most 31,622,400. */
  performance_ms?: number | null;
  /** At most 1,000 items. */
  motion_boxes: [number, number, number, number][];
  /** From 0 to 65,535. */
  width?: number | null;
  /** From 0 to 65,535. */
  height?: number | null;
  /** At most 1,000 items. */
  media: string[];
}

export interface FrameEvent {
  specversion: "1.0";
  id: string;
  source: string;
  type: "watchpost.frame.v1";
  time: string;
  datacontenttype: "application/json";
  epoch?: string | null;
  sequence?: number | null;
  data: Frame;
}

export interface FrameStatistics {
  min_temp: number;
  max_temp: number;
  avg_temp: number;
  median_temp: number;
  /** At most 2,300. */
  std_dev: number;
  percentile_5?: number | null;
  percentile_95?: number | null;
}

/** Two pictures that were compared: what share of their pixels differs visibly, and whether they count as one. */
export interface FreezeComparison {
  current_frame: string;
  previous_frame: string;
  difference_percentage: number;
  frozen: boolean;
}

/** Sequences `first` to `last` of this stream are missing for a known cause; the event's own sequence is `last`. */
export interface Gap {
  /** At most 9,223,372,036,854,775,807. */
  first: number;
  /** At most 9,223,372,036,854,775,807. */
  last: number;
  /** At most 9,223,372,036,854,775,807. */
  count: number;
  /** At most 256 characters. */
  cause: string;
}

export interface GapEvent {
  specversion: "1.0";
  id: string;
  source: string;
  type: "watchpost.gap.v1";
  time: string;
  datacontenttype: "application/json";
  epoch?: string | null;
  sequence?: number | null;
  data: Gap;
}

/** How a device does: the observed facts of its capture, and the status that follows from them. `expects` is what the device is meant to send. `has_worked`: whether it has given a picture or reading since its agent began; `silent_since`: since when it has given none, where it is not well. */
export interface Health {
  status: "healthy" | "degraded" | "stale" | "stopped" | "not_started";
  /** At most 4,000 characters. */
  reason?: string | null;
  is_recording: boolean;
  stream_info?: StreamInfo | null;
  last_frame_time?: string | null;
  last_connection_attempt?: string | null;
  last_successful_connection?: string | null;
  /** At most 9,007,199,254,740,991. */
  total_reconnects: number;
  /** At most 9,007,199,254,740,991. */
  consecutive_failures: number;
  current_segment_start?: string | null;
  /** At most 16 items. */
  kinds: ("visual" | "thermal")[];
  expects?: "frames" | "readings" | "heartbeat" | "nothing" | null;
  has_worked?: boolean | null;
  silent_since?: string | null;
}

export interface HealthEvent {
  specversion: "1.0";
  id: string;
  source: string;
  type: "watchpost.health.v1";
  time: string;
  datacontenttype: "application/json";
  epoch?: string | null;
  sequence?: number | null;
  data: Health;
}

/** A sign of life. The hub's own are how time passes in the journal. `disk_id` is the same for all who write to one disk, so that a full one is reported once. `node` names the agent that runs the device, so that one that is gone is reported once. */
export interface Heartbeat {
  status: "online" | "stopping";
  /** At most 3,162,240,000. */
  uptime_s: number;
  system: SystemLoad;
  /** At most 9,007,199,254,740,991. */
  outbox_rows?: number | null;
  /** At most 9,007,199,254,740,991. */
  outbox_bytes?: number | null;
  disk_id?: string | null;
  /** At most 64 items. */
  commands?: string[] | null;
  /** Letters, digits, `_` and `-`, at most 64. */
  node?: string | null;
  clock_synchronised?: boolean | null;
  process?: ProcessLoad | null;
  link?: LinkStatistics | null;
  /** At most 16 items. */
  networks: NetworkState[];
  capture?: CaptureStatistics | null;
  /** At most 16 items. */
  sensors: SensorHealth[];
}

export interface HeartbeatEvent {
  specversion: "1.0";
  id: string;
  source: string;
  type: "watchpost.heartbeat.v1";
  time: string;
  datacontenttype: "application/json";
  epoch?: string | null;
  sequence?: number | null;
  data: Heartbeat;
}

/** A time range whose media are not deleted until it is released, by whom and why. Every event says the whole hold as it is from then on. Without `devices` it holds all of the site. */
export interface Hold {
  /** Letters, digits, `_` and `-`, at most 128. */
  hold_id: string;
  state: "placed" | "released";
  reason: string;
  /** At most 256 characters. */
  by: string;
  start: string;
  end: string;
  /** At most 64 items. */
  devices: string[];
}

export interface HoldEvent {
  specversion: "1.0";
  id: string;
  source: string;
  type: "watchpost.hold.v1";
  time: string;
  datacontenttype: "application/json";
  epoch?: string | null;
  sequence?: number | null;
  data: Hold;
}

/** A group of connected pixels over the threshold; `center` is (x, y), `area` in pixels. */
export interface HotSpot {
  /** From 0 to 65,535. */
  center: [number, number];
  max_temp: number;
  avg_temp: number;
  /** At most 9,007,199,254,740,991. */
  area: number;
}

/** A condition of a device that lasts: opened, then closed. `causes` are the ids of the events that decided. Further types are added as rules are: a reader passes over those that it does not know. */
export interface Incident {
  /** Letters, digits, `_`, `.`, `:` and `-`, at most 128. */
  incident_id: string;
  /** Letters, digits, `_` and `-`, at most 64. */
  site: string;
  /** Letters, digits, `_` and `-`, at most 64. */
  device: string;
  type: string;
  state: "opened" | "closed";
  since: string;
  rule: Rule;
  /** At most 1,000 items. */
  causes: string[];
  /** At most 10,000 members, 12 levels, texts of 4,000; numbers within 2^53. */
  details: Record<string, unknown>;
  /** At most 1,000 items. */
  media: string[];
  level?: "info" | "warning" | "error" | "critical" | null;
}

export interface IncidentEvent {
  specversion: "1.0";
  id: string;
  source: string;
  type: "watchpost.incident.v2";
  time: string;
  datacontenttype: "application/json";
  epoch?: string | null;
  sequence?: number | null;
  data: Incident;
}

/** A condition of a device that lasts: opened, then closed. `causes` are the ids of the events that decided. */
export interface IncidentV1 {
  /** Letters, digits, `_`, `.`, `:` and `-`, at most 128. */
  incident_id: string;
  /** Letters, digits, `_` and `-`, at most 64. */
  site: string;
  /** Letters, digits, `_` and `-`, at most 64. */
  device: string;
  type: "offline" | "degraded" | "stale" | "blackscreen" | "freeze" | "audio_loss" | "hot_spot" | "storage";
  state: "opened" | "closed";
  since: string;
  rule: Rule;
  /** At most 1,000 items. */
  causes: string[];
  /** At most 10,000 members, 12 levels, texts of 4,000; numbers within 2^53. */
  details: Record<string, unknown>;
  /** At most 1,000 items. */
  media: string[];
}

export interface IncidentV1Event {
  specversion: "1.0";
  id: string;
  source: string;
  type: "watchpost.incident.v1";
  time: string;
  datacontenttype: "application/json";
  epoch?: string | null;
  sequence?: number | null;
  data: IncidentV1;
}

/** What the agent has sent to the broker since it started. `round_trip_ms` is how long the broker takes to acknowledge an event, `durable_ms` how long until the journal holds it. */
export interface LinkStatistics {
  /** At most 9,007,199,254,740,991. */
  messages: number;
  /** At most 9,007,199,254,740,991. */
  messages_failed: number;
  /** At most 9,007,199,254,740,991. */
  bytes_sent: number;
  /** At most 9,007,199,254,740,991. */
  bytes_saved: number;
  /** At most 9,007,199,254,740,991. */
  reconnects: number;
  /** At most 9,007,199,254,740,991. */
  retries: number;
  /** At most 9,007,199,254,740,991. */
  events_resent: number;
  /** From 0 to 31,622,400,000. */
  round_trip_ms?: number | null;
  /** From 0 to 31,622,400,000. */
  durable_ms?: number | null;
  /** At most 64 characters. */
  pictures?: string | null;
}

/** A pixel in whose place stands the mean of its neighbours; `pixel` is (x, y). */
export interface MaskedPixel {
  /** From 0 to 65,535. */
  pixel: [number, number];
  fault: "listed" | "declared" | "stuck" | "offset";
  temp?: number | null;
  alert_level: "normal" | "warning" | "critical" | "emergency";
}

/** One number, by a name that the device always uses for it; `unit` as people write it: `A`, `%`, `kW`. */
export interface Measurement {
  /** At most 64 characters. */
  name: string;
  /** From -1,000,000,000.0 to 1,000,000,000.0. */
  value: number;
  /** At most 16 characters. */
  unit: string;
}

/** Bytes that are kept under a key. The journal holds this; the archive holds the bytes. */
export interface Media {
  key: string;
  kind: "capture" | "thumbnail" | "segment" | "thermal";
  /** As in RFC 9110. */
  content_type: string;
  /** At most 9,007,199,254,740,991. */
  size: number;
  sha256: string;
  /** From 0 to 65,535. */
  width?: number | null;
  /** From 0 to 65,535. */
  height?: number | null;
  duration_s?: number | null;
}

export interface MediaEvent {
  specversion: "1.0";
  id: string;
  source: string;
  type: "watchpost.media.v1";
  time: string;
  datacontenttype: "application/json";
  epoch?: string | null;
  sequence?: number | null;
  data: Media;
}

/** Motion begins, goes on or ends. `boxes` are those of this moment; of an end, those of its largest moment. `duration_s` and `frames` count from its begin; an update of an older agent says neither. `event_class` is that of the rules of the device, as far as the motion is known; the one at its end counts. */
export interface Motion {
  phase: "start" | "update" | "end";
  /** At most 1,000 items. */
  boxes: [number, number, number, number][];
  /** At most 31,622,400. */
  duration_s: number;
  /** At most 9,007,199,254,740,991. */
  frames: number;
  intensity: number;
  /** From 0 to 65,535. */
  frame_width?: number | null;
  /** From 0 to 65,535. */
  frame_height?: number | null;
  /** At most 1,000 items. */
  media: string[];
  /** At most 64 characters. */
  event_class?: string | null;
}

export interface MotionEvent {
  specversion: "1.0";
  id: string;
  source: string;
  type: "watchpost.motion.v2";
  time: string;
  datacontenttype: "application/json";
  epoch?: string | null;
  sequence?: number | null;
  data: Motion;
}

/** Motion as the first recorders reported it: when it was over, and without a place in the picture. */
export interface MotionV1 {
  /** At most 31,622,400. */
  duration_seconds: number;
  /** At most 9,007,199,254,740,991. */
  frame_count: number;
  intensity: number;
}

export interface MotionV1Event {
  specversion: "1.0";
  id: string;
  source: string;
  type: "watchpost.motion.v1";
  time: string;
  datacontenttype: "application/json";
  epoch?: string | null;
  sequence?: number | null;
  data: MotionV1;
}

/** A time range in which nobody is alerted to incidents of these devices and types, by whom and why. Every event says the whole mute as it is from then on. Without `devices` it mutes all of the site, without `types` every type of incident. It is over at its `end`, or when it is `ended`. */
export interface Mute {
  /** Letters, digits, `_` and `-`, at most 128. */
  mute_id: string;
  state: "placed" | "ended";
  reason: string;
  /** At most 256 characters. */
  by: string;
  start: string;
  end: string;
  /** At most 64 items. */
  devices: string[];
  /** At most 64 items. */
  types: string[];
}

export interface MuteEvent {
  specversion: "1.0";
  id: string;
  source: string;
  type: "watchpost.mute.v1";
  time: string;
  datacontenttype: "application/json";
  epoch?: string | null;
  sequence?: number | null;
  data: Mute;
}

/** A network interface of the agent's machine. `is_used` says whether what has no other way leaves through it. */
export interface NetworkState {
  /** At most 64 characters. */
  name: string;
  is_up: boolean;
  is_used: boolean;
  /** From -200 to 100. */
  signal_dbm?: number | null;
  /** At most 9,007,199,254,740,991. */
  speed_mbit?: number | null;
}

/** The process of the agent, which its devices share. `cpu_percent` is of one core, since the heartbeat before. */
export interface ProcessLoad {
  /** From 0 to 100,000. */
  cpu_percent?: number | null;
  /** At most 9,007,199,254,740,991. */
  memory_bytes?: number | null;
  /** At most 9,007,199,254,740,991. */
  threads?: number | null;
}

/** What was measured at the time of the event. */
export interface Reading {
  /** At most 64 items. */
  measurements: Measurement[];
}

export interface ReadingEvent {
  specversion: "1.0";
  id: string;
  source: string;
  type: "watchpost.reading.v1";
  time: string;
  datacontenttype: "application/json";
  epoch?: string | null;
  sequence?: number | null;
  data: Reading;
}

export interface RecorderEvent {
  specversion: "1.0";
  id: string;
  source: string;
  type: "watchpost.recorder.v1";
  time: string;
  datacontenttype: "application/json";
  epoch?: string | null;
  sequence?: number | null;
  data: RecorderState;
}

/** Whether a device records its video from this moment on, said where that changes. `reason` says why it does not: `off`, `schedule` (outside its hours), or `no_motion`. */
export interface RecorderState {
  recording: boolean;
  /** At most 64 characters. */
  mode: string;
  /** At most 64 characters. */
  reason?: string | null;
}

/** A clip around something that happened, with pre- and post-roll, made of archived segments. */
export interface Recording {
  /** Letters, digits, `_`, `.`, `:` and `-`, at most 128. */
  recording_id: string;
  /** Letters, digits, `_` and `-`, at most 64. */
  site: string;
  /** Letters, digits, `_` and `-`, at most 64. */
  device: string;
  /** At most 64 characters. */
  trigger: string;
  start: string;
  end: string;
  pre_roll_s: number;
  post_roll_s: number;
  /** At most 10,000 items. */
  media: string[];
}

export interface RecordingEvent {
  specversion: "1.0";
  id: string;
  source: string;
  type: "watchpost.recording.v1";
  time: string;
  datacontenttype: "application/json";
  epoch?: string | null;
  sequence?: number | null;
  data: Recording;
}

/** The statistics of one ROI, of the filtered frame. Its level is that of the unfiltered `peak_temp`. */
export interface Region {
  /** At most 64 characters. */
  name: string;
  max_temp: number;
  min_temp: number;
  avg_temp: number;
  median_temp: number;
  /** At most 2,300. */
  std_dev: number;
  /** At most 9,007,199,254,740,991. */
  pixel_count: number;
  alert_level: "normal" | "warning" | "critical" | "emergency";
  confirmed_level?: "normal" | "warning" | "critical" | "emergency" | null;
  peak_temp?: number | null;
  confirmed_temp?: number | null;
  thresholds?: RegionThresholds | null;
  /** At most 64 characters. */
  group?: string | null;
  /** At most 64 characters. */
  revision?: string | null;
}

/** By what a region is judged: °C of its levels, and the limits of its trend as far as they are set. */
export interface RegionThresholds {
  warning: number;
  critical: number;
  emergency: number;
  /** At most 2,300. */
  rise_c_per_minute?: number | null;
  /** At most 2,300. */
  above_group_c?: number | null;
  /** At most 2,300. */
  above_ambient_c?: number | null;
}

/** Values that are set of a site, or of one of its devices. A field that is not named stays as it was. `expects` says what a device is meant to send, and `silent_after_s` after how many seconds of silence that is an incident; 0 is as the rules have it, and never where nothing is expected. What is retired is watched no more, and keeps its history. Only a site has a time zone, and only a device has `kinds`, `expects` and `silent_after_s`. */
export interface RegistryChange {
  origin: "configuration" | "page" | "command_line";
  /** At most 256 characters. */
  by: string;
  /** At most 128 characters. */
  request_id?: string | null;
  repeats?: Repeated | null;
  site: string;
  device?: string | null;
  name?: string | null;
  time_zone?: string | null;
  kinds?: ("visual" | "thermal")[] | null;
  expects?: "frames" | "readings" | "heartbeat" | "nothing" | null;
  /** At most 31,622,400. */
  silent_after_s?: number | null;
  retired?: boolean | null;
}

export interface RegistryEvent {
  specversion: "1.0";
  id: string;
  source: string;
  type: "watchpost.registry.v1";
  time: string;
  datacontenttype: "application/json";
  epoch?: string | null;
  sequence?: number | null;
  data: RegistryChange;
}

/** Where something was said first: position and time of that event, and the position at which the site or device was registered. The hub begins each day of its journal with what stands, so that no day depends on those before it. */
export interface Repeated {
  /** At most 9,007,199,254,740,991. */
  position: number;
  time: string;
  /** At most 9,007,199,254,740,991. */
  registered: number;
}

/** What was deleted, by which rule, how many and how many bytes. `first` and `last` are the positions of events that left the journal (`last` is below `first` for a day without any). */
export interface Retention {
  /** At most 256 characters. */
  rule: string;
  /** At most 64 characters. */
  kind: string;
  /** Letters, digits, `_` and `-`, at most 64. */
  site?: string | null;
  /** Letters, digits, `_` and `-`, at most 64. */
  device?: string | null;
  start: string;
  end: string;
  /** At most 9,007,199,254,740,991. */
  count: number;
  /** At most 9,007,199,254,740,991. */
  bytes: number;
  /** At most 9,223,372,036,854,775,807. */
  first?: number | null;
  /** At most 9,223,372,036,854,775,807. */
  last?: number | null;
}

export interface RetentionEvent {
  specversion: "1.0";
  id: string;
  source: string;
  type: "watchpost.retention.v1";
  time: string;
  datacontenttype: "application/json";
  epoch?: string | null;
  sequence?: number | null;
  data: Retention;
}

/** What a person says of one or many incidents of a site. `reviewed` and `discarded` settle an incident, `reopened` takes that back; who discards says why in `comment`. `assigned` without an `assignee` takes it from whoever had it. `undone` takes back all that the event with the id `undoes` said of these incidents. */
export interface Review {
  action: "reviewed" | "discarded" | "reopened" | "commented" | "assigned" | "undone";
  /** At most 1,000 items. */
  incidents: string[];
  /** At most 256 characters. */
  by: string;
  /** At most 4,000 characters. */
  comment?: string | null;
  /** At most 256 characters. */
  assignee?: string | null;
  /** Letters, digits, `_`, `.`, `:` and `-`, at most 128. */
  undoes?: string | null;
}

export interface ReviewEvent {
  specversion: "1.0";
  id: string;
  source: string;
  type: "watchpost.review.v1";
  time: string;
  datacontenttype: "application/json";
  epoch?: string | null;
  sequence?: number | null;
  data: Review;
}

/** The rule that decided, and its version. */
export interface Rule {
  /** At most 64 characters. */
  name: string;
  /** At most 9,007,199,254,740,991. */
  version: number;
}

export interface RuleValue {
  name: string;
  value: number;
}

/** Rules of alerts that are in force from here on, by their names in the configuration; the others stay. */
export interface RulesChange {
  origin: "configuration" | "page" | "command_line";
  /** At most 256 characters. */
  by: string;
  /** At most 128 characters. */
  request_id?: string | null;
  repeats?: Repeated | null;
  rules: RuleValue[];
}

export interface RulesEvent {
  specversion: "1.0";
  id: string;
  source: string;
  type: "watchpost.rules.v1";
  time: string;
  datacontenttype: "application/json";
  epoch?: string | null;
  sequence?: number | null;
  data: RulesChange;
}

/** A recorded span of video with its real duration; `discontinuity` where it does not continue the one before. Its medium is an MPEG transport stream, or with the codec `mjpeg` fragmented MP4 behind a head of 2048 bytes. */
export interface Segment {
  start: string;
  duration_s: number;
  /** At most 64 characters. */
  codec: string;
  /** From 0 to 65,535. */
  width?: number | null;
  /** From 0 to 65,535. */
  height?: number | null;
  /** From 0 to 1,000. */
  fps?: number | null;
  /** At most 9,007,199,254,740,991. */
  size: number;
  discontinuity: boolean;
  /** At most 1,000 items. */
  media: string[];
}

export interface SegmentEvent {
  specversion: "1.0";
  id: string;
  source: string;
  type: "watchpost.segment.v1";
  time: string;
  datacontenttype: "application/json";
  epoch?: string | null;
  sequence?: number | null;
  data: Segment;
}

export interface SensorEvent {
  specversion: "1.0";
  id: string;
  source: string;
  type: "watchpost.sensor.v1";
  time: string;
  datacontenttype: "application/json";
  epoch?: string | null;
  sequence?: number | null;
  data: ThermalSensor;
}

/** One source of a device. `restarts` is how often its device was restarted because it did not recover. */
export interface SensorHealth {
  /** At most 64 characters. */
  kind: string;
  status: "healthy" | "degraded" | "stale" | "stopped" | "not_started";
  /** At most 4,000 characters. */
  reason?: string | null;
  /** At most 9,007,199,254,740,991. */
  consecutive_failures: number;
  /** At most 9,007,199,254,740,991. */
  total_reconnects: number;
  last_frame_time?: string | null;
  /** At most 9,007,199,254,740,991. */
  restarts: number;
}

/** A condition that holds, what was measured of it, and the limit of that. */
export interface SensorTrouble {
  fault: "sensor_frozen" | "sensor_out_of_range" | "sensor_chessboard" | "sensor_bad_pixels";
  since: string;
  /** From 0 to 9,007,199,254,740,991. */
  value: number;
  /** From 0 to 9,007,199,254,740,991. */
  limit: number;
}

/** Who set what. `settings` holds whole sections (`motion`, `rois`, `zones` …), each replacing the one before. */
export interface Settings {
  /** At most 256 characters. */
  changed_by: string;
  /** At most 10,000 members, 12 levels, texts of 4,000; numbers within 2^53. */
  settings: Record<string, unknown>;
  /** At most 128 characters. */
  request_id?: string | null;
}

export interface SettingsEvent {
  specversion: "1.0";
  id: string;
  source: string;
  type: "watchpost.settings.v1";
  time: string;
  datacontenttype: "application/json";
  epoch?: string | null;
  sequence?: number | null;
  data: Settings;
}

/** A full picture that was taken because its time had come (`schedule`) or somebody asked (`command`). Its picture is kept as long as those of incidents. */
export interface Snapshot {
  /** At most 64 characters. */
  trigger: string;
  /** From 0 to 65,535. */
  width?: number | null;
  /** From 0 to 65,535. */
  height?: number | null;
  /** At most 1,000 items. */
  media: string[];
}

export interface SnapshotEvent {
  specversion: "1.0";
  id: string;
  source: string;
  type: "watchpost.snapshot.v1";
  time: string;
  datacontenttype: "application/json";
  epoch?: string | null;
  sequence?: number | null;
  data: Snapshot;
}

/** Online or offline. `cause` says whether an agent that is offline was stopped, or lost its connection. The latter is said by its last will, which it left when it connected: the loss counts from when that arrived, and the event's own time says nothing of it. */
export interface State {
  online: boolean;
  /** At most 4,000 characters. */
  reason?: string | null;
  cause?: "stopped" | "connection_lost" | null;
}

export interface StateEvent {
  specversion: "1.0";
  id: string;
  source: string;
  type: "watchpost.state.v1";
  time: string;
  datacontenttype: "application/json";
  epoch?: string | null;
  sequence?: number | null;
  data: State;
}

/** `fps` is the camera's own rate, `analysis_fps` how many of its pictures a second are analysed; `bits_per_s` is what its video takes as it is sent. `clock_error_s` is by how much the camera's clock is ahead, where that cannot be believed. */
export interface StreamInfo {
  /** From 0 to 1,000. */
  fps: number;
  /** From 0 to 65,535. */
  width: number;
  /** From 0 to 65,535. */
  height: number;
  /** From 0 to 1,000. */
  analysis_fps?: number | null;
  /** At most 64 characters. */
  codec?: string | null;
  /** At most 9,007,199,254,740,991. */
  bits_per_s?: number | null;
  /** From -31,622,400 to 31,622,400. */
  clock_error_s?: number | null;
}

export interface SystemLoad {
  /** From 0 to 100,000. */
  cpu_percent?: number | null;
  /** From 0 to 100. */
  memory_percent?: number | null;
  /** From 0 to 100. */
  disk_percent?: number | null;
  /** From 0 to 9,007,199,254,740,991. */
  disk_free_bytes?: number | null;
  /** From -273.15 to 2,000. */
  temperature?: number | null;
  /** From 0 to 9,007,199,254,740,991. */
  uptime_seconds?: number | null;
}

export interface Thermal {
  frame_stats: FrameStatistics;
  /** At most 1,000 items. */
  regions: Region[];
  /** At most 1,000 items. */
  hot_spots: HotSpot[];
  composite_temperature?: number | null;
  sensor_temp?: number | null;
  /** From 0 to 1,000,000. */
  gradient_max?: number | null;
  /** At most 9,007,199,254,740,991. */
  clamped_pixels: number;
  /** At most 9,007,199,254,740,991. */
  bad_pixels: number;
  confirmed_max_temp?: number | null;
  peak_temp?: number | null;
  ambient_temp?: number | null;
  /** At most 65,535. */
  columns: number;
  /** At most 65,535. */
  rows: number;
  transformer?: Transformer | null;
  /** At most 1,000 items. */
  media: string[];
}

export interface ThermalEvent {
  specversion: "1.0";
  id: string;
  source: string;
  type: "watchpost.thermal.v1";
  time: string;
  datacontenttype: "application/json";
  epoch?: string | null;
  sequence?: number | null;
  data: Thermal;
}

/** The state of a sensor, whenever it changes, and again and again while it has a fault. */
export interface ThermalSensor {
  /** At most 1,000 items. */
  faults: SensorTrouble[];
  /** At most 1,000 items. */
  masked: MaskedPixel[];
  /** At most 9,007,199,254,740,991. */
  masked_count: number;
}

/** What was done with the frames of a thermal sensor since its source was made. */
export interface ThermalStatistics {
  /** At most 9,007,199,254,740,991. */
  frames: number;
  /** At most 9,007,199,254,740,991. */
  bad_pixels: number;
  /** At most 9,007,199,254,740,991. */
  averaged_frames: number;
  /** At most 9,007,199,254,740,991. */
  hot_spots: number;
  filtered: boolean;
}

/** What was found by its warmth: the largest part that stands out from what is around it. */
export interface Transformer {
  min_temp: number;
  max_temp: number;
  avg_temp: number;
  q1_temp: number;
  q3_temp: number;
  median_temp: number;
  /** At most 2,300. */
  std_dev: number;
  /** At most 9,007,199,254,740,991. */
  pixel_count: number;
  /** From 0 to 1,000,000. */
  detection_confidence: number;
}

/** A change of channel that is over: how long it was black, from its first frame to the first of a picture. */
export interface ZapSequence {
  start: string;
  /** At most 31,622,400. */
  duration_s: number;
  /** At most 9,007,199,254,740,991. */
  frames: number;
}

export type AnyEvent =
  | AgentEvent
  | AlertEvent
  | AnnotationEvent
  | ClockEvent
  | CommandEvent
  | DetectionEvent
  | ExportEvent
  | FaultEvent
  | FrameEvent
  | GapEvent
  | HealthEvent
  | HeartbeatEvent
  | HoldEvent
  | IncidentEvent
  | MediaEvent
  | MotionEvent
  | MuteEvent
  | ReadingEvent
  | RecorderEvent
  | RecordingEvent
  | RegistryEvent
  | RetentionEvent
  | ReviewEvent
  | RulesEvent
  | SegmentEvent
  | SettingsEvent
  | SnapshotEvent
  | StateEvent
  | SensorEvent
  | ThermalEvent;

/** Current events by the short name that live feeds use. */
export interface EventsByName {
  agent: AgentEvent;
  alert: AlertEvent;
  annotation: AnnotationEvent;
  clock: ClockEvent;
  command: CommandEvent;
  detection: DetectionEvent;
  export: ExportEvent;
  fault: FaultEvent;
  frame: FrameEvent;
  gap: GapEvent;
  health: HealthEvent;
  heartbeat: HeartbeatEvent;
  hold: HoldEvent;
  incident: IncidentEvent;
  media: MediaEvent;
  motion: MotionEvent;
  mute: MuteEvent;
  reading: ReadingEvent;
  recorder: RecorderEvent;
  recording: RecordingEvent;
  registry: RegistryEvent;
  retention: RetentionEvent;
  review: ReviewEvent;
  rules: RulesEvent;
  segment: SegmentEvent;
  sensor: SensorEvent;
  settings: SettingsEvent;
  snapshot: SnapshotEvent;
  state: StateEvent;
  thermal: ThermalEvent;
}

export const EVENT_NAMES: readonly (keyof EventsByName)[] = ["agent", "alert", "annotation", "clock", "command", "detection", "export", "fault", "frame", "gap", "health", "heartbeat", "hold", "incident", "media", "motion", "mute", "reading", "recorder", "recording", "registry", "retention", "review", "rules", "segment", "sensor", "settings", "snapshot", "state", "thermal"];

/** The form of the names of sites and devices, as an input takes it. */
export const NAME = "[A-Za-z0-9_\\-]{1,64}";

/** Sensor cells of a thermal frame. */
export const THERMAL_FRAME = { columns: 32, rows: 24 } as const;

/** What people call each type of incident. */
export const INCIDENT_WORDS: Record<string, string> = {
  "offline": "Offline",
  "node_offline": "Agent offline",
  "blackscreen": "Picture black",
  "freeze": "Picture frozen",
  "corrupt_rows": "Picture smeared",
  "macroblocks": "Picture in blocks",
  "stale": "No new picture",
  "degraded": "Connection problems",
  "storage": "Disk nearly full",
  "memory": "Memory nearly full",
  "cpu_hot": "Processor too hot",
  "link_slow": "Link too slow",
  "audio_loss": "No sound",
  "hot_spot": "Hot spot",
  "temperature_rise": "Rises too fast",
  "temperature_difference": "Warmer than the others",
  "above_ambient": "Too warm for its surroundings",
  "sensor_frozen": "Thermal picture frozen",
  "sensor_out_of_range": "Thermal sensor out of range",
  "sensor_chessboard": "Thermal picture torn",
  "sensor_bad_pixels": "Too many bad pixels",
  "clock": "Clock wrong",
  "hub_deaf": "Hub received nothing",
  "system_error": "Hub problem",
  "database_error": "Database problem",
  "storage_unwritable": "Disk cannot be written",
  "write_failed": "Not written"
};

/** The type of the alert of an incident, where it is not that of the incident. */
export const ALERT_TYPES: Record<string, string> = {
  "offline": "device_offline",
  "degraded": "device_degraded",
  "stale": "device_degraded",
  "clock": "clock_wrong",
  "storage": "storage_low",
  "memory": "memory_low"
};

/** The worst first. */
export const ALERT_LEVELS = ["critical", "error", "warning", "info"] as const;

/** Of several the first is the fault of a picture. */
export const PICTURE_FAULTS = ["blackscreen", "freeze", "corrupt_rows", "macroblocks"] as const;

/** Conditions of a region that is below its thresholds. */
export const TREND_FAULTS = ["temperature_rise", "temperature_difference", "above_ambient"] as const;
