// Answers about moments of the past, kept for a while: a handle that comes back finds them at once.

interface Kept {
  question: string;
  at: number;
  answer: unknown;
}

/** An address that asks how things stood: the question without its moment, and the moment. */
export function momentAsked(address: string): { question: string; at: number | null } {
  const [path = '', query = ''] = address.split('?');
  const params = new URLSearchParams(query);
  const at = Date.parse(params.get('as_of') ?? '');
  if (Number.isNaN(at)) return { question: address, at: null };
  params.delete('as_of');
  const rest = params.toString();
  return { question: rest ? `${path}?${rest}` : path, at };
}

export class Answers {
  #kept = new Map<string, Kept>();

  constructor(private readonly most: number) {}

  get size(): number {
    return this.#kept.size;
  }

  put(question: string, at: number, answer: unknown): void {
    const key = `${at} ${question}`;
    this.#kept.delete(key);
    this.#kept.set(key, { question, at, answer });
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.most) break;
      this.#kept.delete(oldest);
    }
  }

  /** What is known of the moment itself, or else of the last moment before it that is not `within` ms away. */
  nearest(question: string, at: number, within: number): { at: number; answer: unknown } | null {
    let best: Kept | null = null;
    for (const kept of this.#kept.values()) {
      if (kept.question !== question || kept.at > at || at - kept.at > within) continue;
      if (!best || kept.at > best.at) best = kept;
    }
    if (!best) return null;
    this.put(best.question, best.at, best.answer);
    return { at: best.at, answer: best.answer };
  }
}
