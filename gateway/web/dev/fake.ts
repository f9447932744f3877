// A development server's plugin that plays a gateway: moving data, drawn pictures, a live stream. Never built in.

import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Plugin } from 'vite';
import { answer } from './answers.ts';
import { Refused, position } from './answers/basics.ts';
import { eventData } from './answers/events.ts';
import { review } from './answers/incidents.ts';
import { tile } from './answers/minutes.ts';
import { dropTrial, tried } from './trials.ts';
import { Raster, fused, thermalPicture } from './raster.ts';
import {
  MINUTE,
  acknowledge,
  alerts,
  devices,
  find,
  iso,
  picture,
  recorded,
  rois,
  started,
  unacknowledge,
  type FakeDevice,
} from './world.ts';

const segmentSeconds = 4;

function json(res: ServerResponse, body: unknown, status = 200): void {
  res.writeHead(status, {
    'content-type': status < 400 ? 'application/json' : 'application/problem+json',
    'cache-control': 'no-store',
  });
  res.end(JSON.stringify(body));
}

function png(res: ServerResponse, raster: Raster, at: number, cache = 'no-store'): void {
  res.writeHead(200, { 'content-type': 'image/png', 'cache-control': cache, 'x-capture-time': iso(at) });
  res.end(raster.png());
}

async function bodyOf(req: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString() || '{}') as Record<string, unknown>;
}

function known(site = '', device = ''): FakeDevice {
  const d = find(site, device);
  if (!d) throw new Refused(404, `There is no device ${device} at ${site}`);
  return d;
}

function mosaic(site: string, slot: string, q: URLSearchParams, res: ServerResponse): void {
  const [, , filter, extension] = /^(\d{4})(?:_(ok|ko))?\.(jpg|json)$/.exec(slot) ?? [];
  const minute = Number(q.get('minute'));
  if (!extension || !minute) throw new Refused(404, `There is no tile ${slot}`);
  const described = tile(site, minute) as {
    width: number;
    height: number;
    cells: { device: string; x: number; y: number; state: string }[];
  };
  if (extension === 'json') return json(res, described);
  const all = new Raster(described.width, described.height);
  for (const cell of described.cells) {
    if ((filter === 'ok' && cell.state !== 'ok') || (filter === 'ko' && cell.state !== 'incident')) continue;
    const d = known(site, cell.device);
    const colour = cell.state === 'ok' ? [64, 150, 120] : cell.state === 'incident' ? [224, 74, 74] : [110, 114, 120];
    all.rect(cell.x, cell.y, 248, 143, colour as [number, number, number]);
    if (recorded(d, minute * MINUTE)) all.paste(picture(d, minute * MINUTE, 240, 135), cell.x + 4, cell.y + 4);
    else all.rect(cell.x + 4, cell.y + 4, 240, 135, [42, 42, 44]);
  }
  return png(res, all, minute * MINUTE, 'max-age=3600');
}

function drawn(d: FakeDevice, kind: string, at: number, width: number, height: number): Raster {
  if (kind === 'thermal') return thermalPicture(at, width, height);
  const visual = picture(d, at, width, height);
  return kind === 'fusion' ? fused(visual, thermalPicture(at, width, height)) : visual;
}

function movingPicture(d: FakeDevice, kind: string, res: ServerResponse): void {
  res.writeHead(200, { 'content-type': 'multipart/x-mixed-replace; boundary=frame', 'cache-control': 'no-store' });
  const send = (): void => {
    if (res.writableLength > 1_000_000) return;
    const frame =
      kind === 'thermal' ? drawn(d, kind, Date.now(), 320, 240).png() : drawn(d, kind, Date.now(), 640, 360).png();
    res.write(`--frame\r\nContent-Type: image/png\r\nContent-Length: ${frame.length}\r\n\r\n`);
    res.write(frame);
    res.write('\r\n');
  };
  send();
  const timer = setInterval(send, 400);
  res.on('close', () => clearInterval(timer));
}

function live(q: URLSearchParams, res: ServerResponse): void {
  res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  res.write(`event: head\ndata: ${JSON.stringify({ position: position() })}\n\n`);
  let turn = 0;
  const tell = (type: string, d: FakeDevice | null): void => {
    const now = Date.now();
    const source = d ? `/sites/${d.site}/devices/${d.device}` : '/hub';
    const event = {
      specversion: '1.0',
      id: `live-${now}-${turn}`,
      source,
      type: `watchpost.${type}.v1`,
      time: iso(now - 60),
      data: d ? eventData(type, d, now) : { uptime_s: turn, status: 'ok' },
    };
    res.write(
      `id: ${position()}\nevent: ${type}\ndata: ${JSON.stringify({ position: position(), received: iso(now), event })}\n\n`,
    );
  };
  const timer = setInterval(() => {
    turn += 1;
    const here = devices.filter((d) => d.lostFor === null && (!q.get('site') || d.site === q.get('site')));
    const d = here[turn % Math.max(1, here.length)];
    if (d)
      tell(
        ['detection', 'detection', 'detection', d.thermal ? 'thermal' : 'motion'][Math.floor(turn / 4) % 4] ?? 'frame',
        d,
      );
    if (turn % 12 === 0) tell('heartbeat', null);
  }, 350);
  res.on('close', () => clearInterval(timer));
}

function playlist(d: FakeDevice, file: string[], q: URLSearchParams, res: ServerResponse): void {
  const hour = /^(\d\d)\.m3u8$/.exec(file[1] ?? '');
  const isLive = file[0] === 'live.m3u8';
  const from = isLive
    ? Date.now() - 24_000
    : hour
      ? Date.parse(`${file[0]}T${hour[1]}:00:00Z`)
      : Date.parse(q.get('from') ?? '');
  const to = isLive ? Date.now() - 4000 : hour ? from + 3_600_000 : Date.parse(q.get('to') ?? '');
  const step = segmentSeconds * 1000;
  const base = Math.floor(from / step) * step;
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:6',
    `#EXT-X-TARGETDURATION:${segmentSeconds}`,
    `#EXT-X-MEDIA-SEQUENCE:${isLive ? base / step : 0}`,
  ];
  if (isLive) lines.push(`#EXT-X-DISCONTINUITY-SEQUENCE:${base / step}`);
  if (!isLive) lines.push(`#EXT-X-PLAYLIST-TYPE:${to > Date.now() ? 'EVENT' : 'VOD'}`);
  for (let at = base; at < Math.min(to, Date.now() - step); at += step) {
    if (!recorded(d, at)) continue;
    lines.push(
      '#EXT-X-DISCONTINUITY',
      `#EXT-X-PROGRAM-DATE-TIME:${iso(at)}`,
      `#EXTINF:${segmentSeconds}.000,`,
      `/media/${d.site}/${d.device}/segment/${at}`,
    );
  }
  if (!isLive && to <= Date.now()) lines.push('#EXT-X-ENDLIST');
  res.writeHead(200, { 'content-type': 'application/vnd.apple.mpegurl', 'cache-control': 'no-store' });
  res.end(lines.join('\n') + '\n');
}

function media(d: FakeDevice, kind: string, id: string, res: ServerResponse): void {
  if (kind === 'segment') {
    // One MPEG-TS file of four seconds serves as every segment: WATCHPOST_FAKE_SEGMENT says where it lies.
    const path = process.env['WATCHPOST_FAKE_SEGMENT'];
    if (!path) throw new Refused(404, 'WATCHPOST_FAKE_SEGMENT names no file');
    res.writeHead(200, { 'content-type': 'video/mp2t', 'cache-control': 'max-age=3600' });
    return void res.end(readFileSync(path));
  }
  return png(res, picture(d, Number(id) || Date.now(), 320, 180), Number(id), 'max-age=31536000, immutable');
}

function written(path: string, body: Record<string, unknown>): unknown {
  const part = path.split('/').filter(Boolean);
  if (part[2] === 'trials') return part[3] ? dropTrial(part[3]) : tried(body);
  if (part[2] === 'incident-reviews') return review(body);
  if (part[2] === 'alerts') {
    if (part[4] === 'unacknowledge') unacknowledge(part[3] ?? '');
    else acknowledge(part[3] ?? '', String(body['by']), typeof body['comment'] === 'string' ? body['comment'] : null);
    return alerts().find((a) => a['id'] === part[3]);
  }
  if (part[6] === 'rois') {
    const proposed = body['rois'] as (typeof rois)[number][];
    const wrong = proposed.flatMap((roi, i) =>
      roi.thresholds.warning < roi.thresholds.critical && roi.thresholds.critical < roi.thresholds.emergency
        ? []
        : [{ path: `rois[${i}].thresholds`, message: 'warning < critical < emergency must hold' }],
    );
    if (wrong.length) throw new Refused(400, 'The ROIs were not accepted', { errors: wrong });
    rois.splice(0, rois.length, ...proposed);
    return { rois, message: `Updated ${rois.length} ROIs` };
  }
  return { id: `command-${Date.now()}` };
}

async function serve(req: IncomingMessage, res: ServerResponse, url: URL): Promise<void> {
  const [family, ...rest] = url.pathname.split('/').filter(Boolean).map(decodeURIComponent);
  const q = url.searchParams;
  if (family === 'heatmaps') return mosaic(rest[0] ?? '', rest[1] ?? '', q, res);
  if (family === 'media') return media(known(rest[0], rest[1]), rest[2] ?? '', rest[3] ?? '', res);
  if (family === 'hls') return playlist(known(rest[0], rest[1]), rest.slice(2), q, res);
  if (family === 'live') return movingPicture(known(rest[0], rest[1]), (rest[2] ?? '').replace('.mjpg', ''), res);
  if (rest[1] === 'live') return live(q, res);
  if (rest[5] === 'snapshot.jpg') {
    const d = known(rest[2], rest[4]);
    const at = d.lostFor === null ? Date.now() : started - d.lostFor;
    const width = Math.min(480, Number(q.get('width') ?? 480));
    return png(res, drawn(d, q.get('kind') ?? 'visual', at, width, Math.round((width * 9) / 16)), at);
  }
  if (rest[5] === 'thermal.jpg') {
    const at = Date.parse(q.get('at') ?? iso(Date.now()));
    return png(res, drawn(known(rest[2], rest[4]), q.get('form') ?? 'thermal', at, 640, 480), at);
  }
  if (rest[5] === 'motion-heatmap.png') return png(res, thermalPicture(Date.parse('2026-01-01'), 160, 90), Date.now());
  if (req.method !== 'GET')
    return json(res, written(url.pathname, await bodyOf(req)), url.pathname.includes('/commands/') ? 202 : 200);
  return json(res, answer(url.pathname, q));
}

export function fakeGateway(): Plugin {
  return {
    name: 'fake-gateway',
    apply: 'serve',
    configureServer(server) {
      server.middlewares.use((req, res, next) => {
        const url = new URL(req.url ?? '/', 'http://localhost');
        if (url.pathname !== '/health' && !/^\/(api|heatmaps|media|hls|live)\//.test(url.pathname)) return next();
        serve(req, res, url).catch((error: unknown) => {
          if (!(error instanceof Refused)) return next(error);
          json(res, { type: 'about:blank', title: error.title, status: error.status, ...error.extra }, error.status);
        });
      });
    },
  };
}
