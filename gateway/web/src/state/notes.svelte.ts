// Notes of people on moments and time ranges, asked for again when somebody makes or changes one.

import { send, url, type Annotation, type Annotations } from '../api/api';
import { live } from '../api/live.svelte';
import { Resource } from '../api/resource.svelte';
import { MINUTE, iso } from '../format/time';
import { page } from './page.svelte';

export interface NotesWanted {
  from?: number;
  to?: number;
  device?: string | null;
  text?: string;
  limit?: number;
}

/** An address that changes every ten minutes at most, however exactly a bar moves. */
const ROUND = 10 * MINUTE;

export class Notes {
  #resource: Resource<Annotations>;
  list = $derived.by((): Annotation[] => this.#resource.data?.annotations ?? []);

  constructor(wanted: () => NotesWanted) {
    this.#resource = new Resource(
      () => {
        const { from, to, device, text, limit } = wanted();
        return page.site === null
          ? null
          : url('/api/v1/annotations', {
              site: page.site,
              device,
              text: text?.trim(),
              from: from === undefined ? null : iso(Math.floor(from / ROUND) * ROUND),
              to: to === undefined ? null : iso(Math.ceil(to / ROUND) * ROUND),
              limit: limit ?? 200,
            });
      },
      { later: true },
    );
    $effect(() =>
      live.listenAlways((_, type) => {
        if (type === 'annotation') this.#resource.reload();
      }),
    );
  }

  get resource(): Resource<Annotations> {
    return this.#resource;
  }
}

/** What is written of a note; the gateway makes the rest. */
export interface NoteDraft {
  devices: string[];
  start: number;
  end: number | null;
  text: string;
  colour: string;
}

export const NOTE_COLOURS = ['#ff9500', '#f2665f', '#45b18f', '#7ba4ff', '#c79bff'] as const;

const path = (id: string): string => `/api/v1/annotations/${encodeURIComponent(id)}`;

export function saveNote(site: string, id: string | null, draft: NoteDraft, by: string): Promise<Annotation> {
  const body = { ...draft, start: iso(draft.start), end: iso(draft.end ?? draft.start), by };
  return id === null
    ? send<Annotation>('POST', '/api/v1/annotations', { site, ...body })
    : send<Annotation>('PATCH', path(id), body);
}

export const removeNote = (id: string, by: string): Promise<Annotation> =>
  send<Annotation>('POST', `${path(id)}/remove`, { by });

export const restoreNote = (id: string, by: string): Promise<Annotation> =>
  send<Annotation>('POST', `${path(id)}/restore`, { by });
