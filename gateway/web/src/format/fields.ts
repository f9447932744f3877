// The bounds of settings as the server holds to them, and its sentences about what was sent, field by field.

import { ApiError, type SettingsField, type SettingsFields } from '../api/api';

export interface Bounds {
  min?: number;
  max?: number;
  maxlength?: number;
  hint: string;
}

const fieldOf = (fields: SettingsFields | null, path: string): SettingsField | undefined =>
  fields?.fields.find((one) => one.path === path);

/** What an input takes, and how that reads beside it: `100 to 10,000 px`. */
export function boundsOf(fields: SettingsFields | null, path: string): Bounds {
  const field = fieldOf(fields, path);
  if (!field) return { hint: '' };
  const low = field.minimum ?? field.above;
  const from =
    low === null ? '' : field.minimum === null ? `above ${low.toLocaleString('en')}` : low.toLocaleString('en');
  const words = [from, field.maximum === null ? '' : `to ${field.maximum.toLocaleString('en')}`, field.unit ?? ''];
  return {
    ...(low === null ? {} : { min: low }),
    ...(field.maximum === null ? {} : { max: field.maximum }),
    ...(field.longest === null ? {} : { maxlength: field.longest }),
    hint: words.filter(Boolean).join(' '),
  };
}

/** What a number is where nobody has set it; `null` while the server has not said it. */
export function defaultOf(fields: SettingsFields | null, path: string): number | null {
  const value = fieldOf(fields, path)?.default;
  return typeof value === 'number' ? value : null;
}

/** What the server says of one field of what it refused, and of those below it; a sentence each. */
export const sentencesAbout = (error: ApiError | null, path: string): string =>
  (error?.errors ?? [])
    .filter((one) => one.path === path || one.path.startsWith(`${path}.`))
    .map((one) => one.message)
    .join('; ');
