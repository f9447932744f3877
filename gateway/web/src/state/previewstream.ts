// Reads a live preview, which is multipart JPEG that never ends: one connection after the other, ever more seldom.

import { rest } from './waiting.ts';

const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 60_000;

export interface PreviewPicture {
  jpeg: Uint8Array<ArrayBuffer>;
  /** When it was taken, of a picture that stands for live ones; null of a live one. */
  taken: number | null;
  /** The kind of medium that such a picture is. */
  kind: string | null;
}

/** How long to wait after so many connections in a row without a picture. */
export const pauseAfter = (failures: number): number =>
  Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.max(0, failures - 1));

/** The pictures of a stream, whatever pieces it comes in. */
export class MultipartPictures {
  private rest = new Uint8Array(0);

  push(piece: Uint8Array): PreviewPicture[] {
    const bytes = new Uint8Array(this.rest.length + piece.length);
    bytes.set(this.rest);
    bytes.set(piece, this.rest.length);
    const found: PreviewPicture[] = [];
    let at = 0;
    for (let body = endOfHead(bytes, at); body > 0; body = endOfHead(bytes, at)) {
      const head = new TextDecoder('latin1').decode(bytes.subarray(at, body));
      const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1]);
      if (Number.isNaN(length)) throw new Error('a picture of the preview states no length');
      if (bytes.length < body + length) break;
      const taken = /^x-capture-time: *(\S+)/im.exec(head)?.[1];
      const kind = /^x-picture-kind: *(\S+)/im.exec(head)?.[1] ?? null;
      found.push({ jpeg: bytes.slice(body, body + length), taken: taken ? Date.parse(taken) : null, kind });
      at = body + length;
    }
    this.rest = bytes.slice(at);
    return found;
  }
}

/** Where the body after the next head begins; -1 where the head is not there yet. */
function endOfHead(bytes: Uint8Array, from: number): number {
  for (let at = from; at + 3 < bytes.length; at += 1)
    if (bytes[at] === 13 && bytes[at + 1] === 10 && bytes[at + 2] === 13 && bytes[at + 3] === 10) return at + 4;
  return -1;
}

export class PreviewStream {
  private readonly stopping = new AbortController();

  constructor(
    private readonly address: string,
    private readonly onpicture: (picture: PreviewPicture) => void,
    private readonly onabsent: () => void,
  ) {
    void this.run();
  }

  stop(): void {
    this.stopping.abort();
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    for (let failures = 0; !signal.aborted;) {
      const shown = await this.watch();
      if (signal.aborted) return;
      this.onabsent();
      failures = shown ? 0 : failures + 1;
      await rest(pauseAfter(failures), signal);
    }
  }

  /** Whether a picture came. */
  private async watch(): Promise<boolean> {
    const { signal } = this.stopping;
    let shown = false;
    try {
      const answer = await fetch(`${this.address}?or_none=true`, { signal, cache: 'no-store' });
      const reader = answer.ok ? answer.body?.getReader() : undefined;
      const pictures = new MultipartPictures();
      while (reader) {
        const { done, value } = await reader.read();
        if (done || signal.aborted) break;
        for (const picture of pictures.push(value)) {
          shown = true;
          this.onpicture(picture);
        }
      }
      await reader?.cancel();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
    }
    return shown;
  }
}
