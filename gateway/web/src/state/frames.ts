// When the frames of a video are shown, read from the fragments that are given to the browser: ISO BMFF, ISO 14496-12.

interface Box {
  type: string;
  body: DataView;
}

function boxesOf(data: DataView): Box[] {
  const boxes: Box[] = [];
  for (let at = 0; at + 8 <= data.byteLength;) {
    const size = data.getUint32(at);
    const type = String.fromCharCode(...[4, 5, 6, 7].map((i) => data.getUint8(at + i)));
    if (size < 8 || at + size > data.byteLength) break;
    boxes.push({ type, body: new DataView(data.buffer, data.byteOffset + at + 8, size - 8) });
    at += size;
  }
  return boxes;
}

const within = (boxes: Box[], type: string): Box[] =>
  boxes.filter((box) => box.type === type).flatMap((box) => boxesOf(box.body));
const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Units a second of the track that an initialisation segment describes; null where it describes none. */
export function timescaleOf(initialisation: Uint8Array): number | null {
  const media = within(within(within(boxesOf(viewOf(initialisation)), 'moov'), 'trak'), 'mdia');
  const header = media.find((box) => box.type === 'mdhd')?.body;
  return header ? header.getUint32(header.getUint8(0) === 1 ? 20 : 12) : null;
}

/** Seconds at which each frame of a fragment begins to be shown, in that order. */
export function frameTimes(fragment: Uint8Array, timescale: number): number[] {
  const track = within(within(boxesOf(viewOf(fragment)), 'moof'), 'traf');
  const decode = track.find((box) => box.type === 'tfdt')?.body;
  if (!decode) return [];
  let at = decode.getUint8(0) === 1 ? Number(decode.getBigUint64(4)) : decode.getUint32(4);
  const times: number[] = [];
  for (const { body } of track.filter((box) => box.type === 'trun')) {
    for (const { duration, offset } of samplesOf(body)) {
      times.push((at + offset) / timescale);
      at += duration;
    }
  }
  return times.sort((a, b) => a - b);
}

/** What a run says of each of its samples; which of it is there, its flags say. */
function samplesOf(run: DataView): { duration: number; offset: number }[] {
  const flags = run.getUint32(0) & 0xffffff;
  const count = run.getUint32(4);
  let at = 8 + (flags & 0x1 ? 4 : 0) + (flags & 0x4 ? 4 : 0);
  const next = (bit: number): number | null => {
    if (!(flags & bit)) return null;
    at += 4;
    return at - 4;
  };
  return Array.from({ length: count }, () => {
    const [duration, , , offset] = [next(0x100), next(0x200), next(0x400), next(0x800)];
    return {
      duration: duration === null ? 0 : run.getUint32(duration),
      offset: offset === null ? 0 : run.getInt32(offset),
    };
  });
}

/** Two times closer than this are of one frame: a fragment may be loaded twice. */
const SAME_S = 0.002;

/** The frames that are known, by the seconds of the video element. */
export class FrameTimes {
  #times: number[] = [];

  /** `offset` is that of the browser's buffer, in seconds: what a fragment says of itself is moved by it. */
  add(times: readonly number[], offset = 0): void {
    const all = [...this.#times, ...times.map((time) => time + offset)].sort((a, b) => a - b);
    this.#times = all.filter((time, i) => i === 0 || time - (all[i - 1] ?? 0) > SAME_S);
  }

  /** The browser has them no more. */
  drop(from: number, to: number): void {
    this.#times = this.#times.filter((time) => time < from || time >= to);
  }

  /** A moment within the frame that is `by` frames away from the one of this moment; null where that is not known. */
  beside(seconds: number, by: number): number | null {
    let shown = this.#times.findIndex((time) => time > seconds + SAME_S) - 1;
    if (shown === -2) shown = this.#times.length - 1;
    const begin = this.#times[shown + by];
    if (shown < 0 || begin === undefined) return null;
    const end = this.#times[shown + by + 1] ?? begin + 0.02;
    return begin + Math.min(end - begin, 1) / 2;
  }
}
