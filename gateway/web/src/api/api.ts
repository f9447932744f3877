// What the gateway answers, and how it is asked.

import type { components } from './http.gen.ts';
import {
  EVENT_NAMES,
  type AnyEvent,
  type DetectedObject,
  type EventsByName,
  type Region,
  type RegistryChange,
  type ThermalEvent,
} from './contract.ts';

type Schemas = components['schemas'];

export type Alert = Schemas['Alert'];
export type Alerts = Schemas['Alerts'];
export type Analysis = Schemas['Analysis'];
export type Annotation = Schemas['Annotation'];
export type Agents = Schemas['Agents'];
export type Annotations = Schemas['Annotations'];
export type Audio = Schemas['Audio'];
export type Cells = Schemas['Cells'];
export type Changes = Schemas['Changes'];
/** How a device is; the gateway says it, from the least to the most urgent. */
export type CommandOutcome = Schemas['Accepted'];
export type Commands = Schemas['Commands'];
export type Condition = Device['condition'];
export type Consumer = Schemas['Progress'];
export type Consumers = Schemas['Consumers'];
export type Dashboard = Schemas['Dashboard'];
export type Detection = Schemas['Detection'];
export type Device = Schemas['Device'];
export type DeviceHealth = Schemas['FullHealth'];
export type Devices = Schemas['Devices'];
export type Disk = Schemas['Disk'];
/** How the hub itself does, as anybody may ask. */
export type Health = Schemas['Alive'];
export type Hole = Schemas['Hole'];
export type Holes = Schemas['Holes'];
export type IncidentMinutes = Schemas['IncidentMinutes'];
export type Incident = Schemas['Incident'];
export type Incidents = Schemas['Incidents'];
export type IncidentFigures = Schemas['IncidentFigures'];
export type IncidentReason = Omit<Schemas['IncidentReason'], 'events'> & { events: Recorded[] };
export type Mute = Schemas['Mute'];
export type Mutes = Schemas['Mutes'];
export type Review = Incident['review'];
export type Reviews = Schemas['Reviews'];
export type LastEvent = Schemas['LastEvent'];
export type Level = Alert['level'];
export type Motions = Schemas['Motions'];
export type Motion = Schemas['MotionCounts'];
export type Receiver = Schemas['Receiver'];
export type Recording = Schemas['Recording'];
export type Registration = Schemas['Registration'];
export type Roi = Schemas['Roi'];
export type Said = Schemas['Said'];
export type Session = Schemas['Session'];
export type Clips = Schemas['Clips'];
export type RecordingSettings = Settings['recording'];
export type Settings = Schemas['Settings'];
/** One that can be set of a device, with its bounds and its default. */
export type SettingsField = Schemas['SettingsField'];
export type SettingsFields = Schemas['SettingsFields'];
export type Site = Schemas['Site'];
export type Retired = Schemas['Retired'];
export type Sites = Schemas['Sites'];
export type Status = Device['status'];
export type Storage = Schemas['Storage'];
export type RetentionPlan = Schemas['RetentionPlan'];
export type System = Schemas['System'];
export type Temperatures = Schemas['Temperatures'];
export type ReadingSeries = Schemas['ReadingSeries'];
export type Readings = Schemas['Readings'];
export type Correlations = Schemas['Correlations'];
export type Thumbnails = Schemas['Thumbnails'];
export type Tile = Schemas['TileJson'];
export type TileBucket = Schemas['TileBucket'];
export type Shares = Schemas['ConditionShares'];
export type PastTiles = Schemas['PastTiles'];
export type Timeline = Schemas['Timeline'];
export type Trouble = Schemas['Trouble'];
export type RuleReading = Schemas['RuleReading'];
export type WhyNot = Schemas['WhyNot'];
export type Zone = Schemas['Zone'];

/** An event at its place in the journal, of a type of the contract. */
export type Recorded<E extends AnyEvent = AnyEvent> = Omit<Schemas['RecordedEvent'], 'event'> & { event: E };
export type EnrolledAgent = Schemas['EnrolledAgent'];
export type EnrolledAgents = Schemas['EnrolledAgents'];
export type AgentVersions = Schemas['Versions'];
export type ListedVersion = Schemas['ListedVersion'];
/** Shown once: the hub keeps only its hash. */
export type EnrolmentCode = Schemas['Code'];
export type Events<E extends AnyEvent = AnyEvent> = Omit<Schemas['Events'], 'events'> & { events: Recorded<E>[] };
export type Why = Omit<Schemas['Reason'], 'events'> & { events: Recorded[] };
export type EventName = keyof EventsByName;
/** What the page follows: every family of the contract but the two that come with each picture. */
export const LIVE_NAMES: readonly EventName[] = EVENT_NAMES.filter((name) => name !== 'frame' && name !== 'media');
export type { Region };
/** A measurement of the log with its moment. */
export type ThermalReading = ThermalEvent['data'] & { time: string };
export type Found = DetectedObject;
export type Export = Schemas['Export'];
export type Exports = Schemas['Exports'];
export type Report = Schemas['Report'];
export type Reports = Schemas['Reports'];
export type Hold = Schemas['Hold'];
export type PlacedHold = Schemas['PlacedHold'];
export type Holds = Schemas['Holds'];
export type Expectation = NonNullable<RegistryChange['expects']>;

export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly errors: { path: string; message: string }[] = [],
  ) {
    super(message);
  }
}

/** What became of a request that was refused, or that reached nobody, of which fetch says a TypeError; else it is thrown. */
export function problemOf(error: unknown): ApiError | TypeError {
  if (error instanceof ApiError || error instanceof TypeError) return error;
  throw error;
}

let unauthorised: () => void = () => undefined;
export function onUnauthorised(then: () => void): void {
  unauthorised = then;
}

async function refusal(response: Response): Promise<ApiError> {
  const text = await response.text();
  try {
    const problem = JSON.parse(text) as {
      title?: string;
      detail?: string;
      errors?: { path: string; message: string }[];
    };
    return new ApiError(response.status, problem.detail ?? problem.title ?? response.statusText, problem.errors);
  } catch (error) {
    if (error instanceof SyntaxError)
      // Of a proxy, which says it in HTML.
      return new ApiError(
        response.status,
        response.status < 500 ? response.statusText || `Status ${response.status}` : '',
      );
    throw error;
  }
}

async function ask(path: string, init: RequestInit): Promise<Response> {
  const response = await fetch(path, { ...init, headers: { accept: 'application/json', ...init.headers } });
  if (response.status === 401) unauthorised();
  if (!response.ok) throw await refusal(response);
  return response;
}

/** Where a proxy answers for the hub, as with a page to sign in, it is no answer of the hub. */
async function answerOf<T>(response: Response): Promise<T> {
  try {
    return (await response.json()) as T;
  } catch (error) {
    if (error instanceof SyntaxError) throw new ApiError(502, '');
    throw error;
  }
}

export const get = async <T>(path: string, signal?: AbortSignal): Promise<T> =>
  await answerOf(await ask(path, signal ? { signal } : {}));

/** A picture, decoded beside the page; null where the answer is that there is none. */
export async function picture(path: string): Promise<{ image: ImageBitmap | null; headers: Headers }> {
  const response = await ask(path, { headers: { accept: 'image/*' } });
  const image = response.status === 204 ? null : await createImageBitmap(await response.blob());
  return { image, headers: response.headers };
}

type Method = 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** The status says what became of it: 200 is done, 202 is on its way. */
export async function sendFor<T>(method: Method, path: string, body: unknown): Promise<{ status: number; body: T }> {
  const response = await ask(path, {
    method,
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });
  return { status: response.status, body: await answerOf(response) };
}

export const send = async <T>(method: Method, path: string, body: unknown): Promise<T> =>
  (await sendFor<T>(method, path, body)).body;

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
