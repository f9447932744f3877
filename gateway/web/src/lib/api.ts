// What the gateway answers, and how it is asked.

import type { AnyEvent, DetectedObject, EventsByName, Region, RegistryChange, ThermalEvent } from '../contract';

export type Level = 'info' | 'warning' | 'error' | 'critical';
/** How a device is; the gateway says it, from the least to the most urgent. */
export type Condition = 'unknown' | 'ok' | 'warning' | 'error' | 'offline' | 'critical';
export type Status = 'healthy' | 'degraded' | 'stale' | 'stopped' | 'offline' | 'not_started' | 'unknown';

export interface Site { site: string; name: string; time_zone: string; devices: number; condition: Condition; conditions: Partial<Record<Condition, number>>; open_incidents: number; open_alerts: number }
export interface LastEvent { type: string; time: string; position: number; summary: string }
export interface Incident { id: string; site: string; device: string; type: string; level: Level; state: 'open' | 'closed'; opened: string; closed: string | null; details: Record<string, unknown>; duration_s: number }
export interface Device {
  site: string; device: string; name: string; kinds: string[]; online: boolean; condition: Condition; types: string[]; since: string | null; status: Status; reason: string | null;
  last_event: LastEvent | null; last_frame: string | null; stream_info: { fps: number; width: number; height: number } | null;
  incidents: Incident[]; has: { hls: boolean; thermal: boolean; fusion: boolean }; snapshot: string;
  /** Added by the configuration or by somebody; else only heard of. */
  registered: boolean; retired: boolean; expects: Expectation | null; silent_after_s: number;
}
export type Expectation = NonNullable<RegistryChange['expects']>;
/** A site, or one of its devices, that is watched no more. `heard_again` is when it sent something last since then. */
export interface Retired { site: string; device: string | null; name: string; retired: string; by: string; heard_again: string | null }
export interface Said { value: unknown; origin: RegistryChange['origin']; by: string; time: string }
/** What is set of a device, by whom, and what the configuration says where that is another. */
export interface Registration { name: string; retired: boolean; settings: { name: string; in_force: Said; configured: Said | null }[] }
export interface DeviceHealth {
  condition: Condition; types: string[]; status: string; is_recording: boolean; stream_info?: { fps: number; width: number; height: number } | null;
  health_metrics?: { last_frame_time: string | null; time_since_last_frame_seconds: number | null; last_connection_attempt: string | null; last_successful_connection: string | null; total_reconnects: number; consecutive_failures: number };
  recording_info?: { current_segment_start: string | null; current_segment_path: string | null };
}
export interface Thumbnails { count: number; thumbnails: { time: string; key: string; url: string }[] }
export interface Recording { start: string; end: string; duration_s: number; bytes: number; segments: number; url: string; gap_before_s: number | null }
export interface Motion { bucket_s: number; buckets: { time: string; events: number; seconds: number }[] }
export interface Temperatures { step_s: number; series: { roi: string; unit: string; points: [number, number, number, number][] }[] }
export interface Audio { step_s: number; points: [number, number, number][] }
export type { Region };
/** A measurement of the log with its moment. */
export type ThermalReading = ThermalEvent['data'] & { time: string };
export type Found = DetectedObject;
export interface Detection { time: string; position: number; people_count: number; objects: Found[]; event_triggers: string[]; media: string[] }
export interface Roi { name: string; enabled: boolean; coordinates: [[number, number], [number, number]]; weight: number; emissivity: number; thresholds: { warning: number; critical: number; emergency: number } }
export interface Zone { name: string; points: [number, number][]; restricted: boolean; max_people: number | null }
export interface Settings {
  /** Sections that the device told wrongly, and what is wrong. */
  set_aside?: Record<string, string>;
  /** After a change: why it does not hold yet. */
  message?: string | null;
  rois?: Roi[]; zones?: Zone[]; motion?: { sensitivity: number; min_area: number }; picture?: { black_percentage: number; freeze_seconds: number };
  [key: string]: unknown;
}
export interface Changes { changes: { position: number; time: string; by: string; settings: Record<string, unknown> }[] }
export interface Recorded<E extends AnyEvent = AnyEvent> { position: number; received?: string; ahead_s?: number; event: E }
export interface Events<E extends AnyEvent = AnyEvent> { events: Recorded<E>[]; next: number | null; head: number }
export type EventName = keyof EventsByName;
export interface Alert {
  id: string; type: string; level: Level; message: string; site: string; device: string; state: 'open' | 'closed'; raised: string; cleared: string | null;
  acknowledged: { by: string; time: string } | null; details: Record<string, unknown>; incident: string | null; media: string[];
}
export interface Alerts { alerts: Alert[] }
export interface Incidents { incidents: Incident[] }
export interface Why { alert: Alert; rule: { name: string; version: number | string; text: string } | null; events: Recorded[]; media: string[] }
export interface Dashboard {
  site_name: string; date: string; zones: Record<string, { peak: number; events: number; intensity: string }>;
  hourly: { hour: number; count: number; intensity: string }[]; critical_events: Record<string, number>;
}
export interface Timeline { site: string; from: string; to: string; newest: number; classes: string[]; states: string; incidents?: IncidentMinutes[] }
/** Minutes in a row with the same incidents; `first` counts from the begin of the timeline. */
export interface IncidentMinutes { first: number; minutes: number; condition: Condition; types: string[] }
export interface Analysis { audio?: boolean | null; blackscreen?: boolean | null; freeze?: boolean | null; volume_percentage?: number | null; mean_volume_db?: number | null; freeze_diffs?: number[] | null; last_3_filenames?: string[] | null; blackscreen_percentage?: number | null }
export interface Cells { width: number; height: number; cells: { device: string; x: number; y: number; w: number; h: number; state: 'ok' | 'incident' | 'unknown' }[] }
export interface Tile extends Cells {
  /** The same for the tiles of the devices without and with an incident. */
  ok?: Cells;
  ko?: Cells;
  time_key: string; timestamp: string; minute: number; condition: Condition; types: string[]; incidents_count: number; unknown_count: number; hosts_count: number;
  devices: { host_name: string; device_id: string; device_name?: string; image_url?: string; condition: Condition; types: string[]; analysis_json: Analysis | null }[];
}
export interface Disk { percent: number; used_gb: number; total_gb: number; free_gb?: number }
export interface Storage {
  total_bytes: number; disk: Disk | null; retention: { kind: string; hours?: number; days?: number; bytes?: number }[];
  devices: { site: string; device: string; bytes: number; files: number; kinds: Record<string, { bytes: number; files: number; oldest: string | null; newest: string | null }> }[];
}
/** An event that a consumer could not take, and why. */
export interface SetAside { position: number; event: string; type: string; source: string; error: string; at: string }
export interface Consumer { name: string; kind: string; position: number; lag: number; state: string; error: string | null; version: number; set_aside?: number; lately?: SetAside[]; rebuilt?: number | null; rebuilds?: number | null; receivers?: Receiver[] | null }
export interface Session { signed_in: boolean; token_needed: boolean }
export interface Receiver { name: string; waiting: number; set_aside: number; last_success: string | null; last_error: string | null; last_error_at: string | null }
export interface Consumers { head: number; consumers: Consumer[] }
/** How the hub itself does, as anybody may ask. */
export interface Health { status: 'healthy' | 'degraded' | 'failing'; problems: string[] }
export interface Trouble { part: string; state: 'limping' | 'failed'; detail: string }
export interface System {
  version: string; started: string; troubles?: Trouble[];
  processes: { name: string; pid: number | null; state: string; restarts: number; since: string; last_exit: string | null; memory_mb: number | null; cpu_percent: number | null }[];
  broker: { connected: boolean; clients?: number | null; messages_received?: number | null };
  streams: { source: string; epoch: string | null; sequence: number; last_received: string; gaps: number; rate_per_s: number }[];
  other_streams?: number;
  gaps: { source: string; first: number; last: number; count: number; cause: string; time: string }[];
  rejected: { count: number; newest: { time: string; topic: string; reason: string; size: number }[] };
  journal: { head: number; bytes: number; days: number; oldest: string | null };
  cpu: { percent: number; cores: number } | null; memory: Disk | null; disk: Disk | null;
}

export class ApiError extends Error {
  constructor(readonly status: number, message: string, readonly errors: { path: string; message: string }[] = []) {
    super(message);
  }
}

let unauthorised: () => void = () => undefined;
export function onUnauthorised(then: () => void): void {
  unauthorised = then;
}

async function refusal(response: Response): Promise<ApiError> {
  const text = await response.text();
  try {
    const problem = JSON.parse(text) as { title?: string; detail?: string; errors?: { path: string; message: string }[] };
    return new ApiError(response.status, problem.detail ?? problem.title ?? response.statusText, problem.errors);
  } catch (error) {
    if (error instanceof SyntaxError) return new ApiError(response.status, response.statusText || `Status ${response.status}`);
    throw error;
  }
}

async function ask<T>(path: string, init: RequestInit): Promise<T> {
  const response = await fetch(path, { ...init, headers: { accept: 'application/json', ...init.headers } });
  if (response.status === 401) unauthorised();
  if (!response.ok) throw await refusal(response);
  return (await response.json()) as T;
}

export const get = <T>(path: string, signal?: AbortSignal): Promise<T> => ask<T>(path, signal ? { signal } : {});

export const send = <T>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body: unknown): Promise<T> =>
  ask<T>(path, { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });

export type Params = Record<string, string | number | null | undefined>;

export function url(path: string, params: Params = {}): string {
  const pairs = Object.entries(params).filter(([, v]) => v !== null && v !== undefined && v !== '');
  return pairs.length ? `${path}?${pairs.map(([k, v]) => `${k}=${encodeURIComponent(String(v))}`).join('&')}` : path;
}

export const sitePath = (site: string): string => `/api/v1/sites/${encodeURIComponent(site)}/devices`;
export const devicePath = (site: string, device: string): string => `${sitePath(site)}/${encodeURIComponent(device)}`;
export const mediaUrl = (keyOrUrl: string): string => (keyOrUrl.startsWith('/') ? keyOrUrl : `/media/${keyOrUrl}`);

export function deviceOf(source: string): { site: string; device: string } | null {
  const found = /^\/sites\/([^/]+)\/devices\/([^/]+)$/.exec(source);
  return found?.[1] && found[2] ? { site: found[1], device: found[2] } : null;
}

export const shortType = (type: string): string => type.replace(/^watchpost\./, '').replace(/\.v\d+$/, '');

/** Whether an event is of a family of the contract, whatever its version. */
export function is<N extends EventName>(name: N, event: AnyEvent): event is Extract<AnyEvent, EventsByName[N]> {
  return shortType(event.type) === name;
}
