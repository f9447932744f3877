// Shows one component alone before the played gateway, and reads what a person would read of it.

import { render } from '@testing-library/svelte';
import type { Component } from 'svelte';
import { vi } from 'vitest';
import type { Resource } from '../src/api/resource.svelte';
import { nav } from '../src/state/nav.svelte';
import { parseRoute } from '../src/state/route';
import { answer } from './answers';
import { Refused } from './answers/basics';
import Around from './Around.svelte';

/** By the end of a path: what is answered there in place of the world; an error is what the request comes to. */
export type Answers = Record<string, unknown>;

export const refused = (status: number, title: string, extra: Record<string, unknown> = {}): Refused =>
  new Refused(status, title, extra);
export const OUT_OF_REACH = new TypeError('fetch failed');
/** A question that nobody answers as long as somebody looks. */
export const WAITING = new Promise<never>(() => undefined);

/** A live preview that goes on after its first picture, which was kept earlier if there is a moment. */
export function preview(taken?: string): Response {
  const time = taken ? `X-Capture-Time: ${taken}\r\n` : '';
  const part = `--frame\r\nContent-Type: image/jpeg\r\n${time}Content-Length: 4\r\n\r\nJPEG\r\n`;
  const start = (open: ReadableStreamDefaultController<Uint8Array>): void =>
    open.enqueue(new TextEncoder().encode(part));
  return new Response(new ReadableStream({ start }));
}

function answered(address: string, answers: Answers): unknown {
  const { pathname, searchParams } = new URL(address, 'http://localhost');
  const given = Object.entries(answers).find(([end]) => pathname.endsWith(end));
  if (given) return given[1];
  return pathname.endsWith('.mjpg') ? preview() : answer(pathname, searchParams);
}

async function respond(address: string, answers: Answers): Promise<Response> {
  let body: unknown;
  try {
    body = answered(address, answers);
  } catch (error) {
    body = error;
  }
  if (body === WAITING) return WAITING;
  if (body instanceof Response) return body;
  if (body instanceof Refused)
    return Response.json({ title: body.title, status: body.status, ...body.extra }, { status: body.status });
  if (body instanceof Error) throw body;
  return Response.json(body);
}

/** The component as it stands at an address of the page. */
export function show<P extends object>(
  component: Component<P>,
  props: P,
  { at = '/wall?site=DEMO', answers = {} }: { at?: string; answers?: Answers } = {},
): HTMLElement {
  vi.stubGlobal('fetch', (address: string) => respond(address, answers));
  history.replaceState(null, '', at);
  nav.route = parseRoute(location.pathname, location.search);
  return render(Around, { props: { of: component as unknown as Component, props } }).container;
}

/** An answer as a view holds it, for components that are handed one. */
export const asResource = <T>(data: T | null, error: Error | null = null): Resource<T> =>
  ({
    data,
    error,
    loading: false,
    blurred: false,
    at: Date.now(),
    reload: () => undefined,
    retry: () => undefined,
  }) as unknown as Resource<T>;

const SPOKEN = ['aria-label', 'alt', 'title', 'placeholder', 'aria-valuetext'];

/** Every word of it in its order: texts, what is read aloud, what shows on hover, what stands in fields. */
export function read(element: Element): string {
  const words: string[] = [];
  const take = (node: Node): void => {
    if (node.nodeType === Node.TEXT_NODE) words.push(node.textContent ?? '');
    if (!(node instanceof Element)) return;
    for (const name of SPOKEN) words.push(node.getAttribute(name) ?? '');
    if (node instanceof HTMLInputElement && node.type !== 'checkbox') words.push(node.value);
    node.childNodes.forEach(take);
  };
  take(element);
  return words.join(' ').replaceAll(/\s+/g, ' ').trim();
}
