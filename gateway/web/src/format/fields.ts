// The bounds of settings as the server holds to them, and its sentences about what was sent, field by field.

import { ApiError } from '../api/api';

export interface SettingsField {
  path: string;
  description: string | null;
  minimum: number | null;
  above: number | null;
  maximum: number | null;
  unit: string | null;
  choices: string[] | null;
  default: boolean | number | string | null;
}
export interface SettingsFields {
  fields: SettingsField[];
}
export interface Bounds {
  min?: number;
  max?: number;
  hint: string;
}

/** What an input takes, and how that reads beside it: `100 to 10,000 px`. */
export function boundsOf(fields: SettingsFields | null, path: string): Bounds {
  const field = fields?.fields.find((one) => one.path === path);
  if (!field) return { hint: '' };
  const low = field.minimum ?? field.above;
  const from =
    low === null ? '' : field.minimum === null ? `above ${low.toLocaleString('en')}` : low.toLocaleString('en');
  const words = [from, field.maximum === null ? '' : `to ${field.maximum.toLocaleString('en')}`, field.unit ?? ''];
  return {
    ...(low === null ? {} : { min: low }),
    ...(field.maximum === null ? {} : { max: field.maximum }),
    hint: words.filter(Boolean).join(' '),
  };
}

/** What the server says of one field of what it refused, and of those below it; a sentence each. */
export const sentencesAbout = (error: ApiError | null, path: string): string =>
  (error?.errors ?? [])
    .filter((one) => one.path === path || one.path.startsWith(`${path}.`))
    .map((one) => one.message)
    .join('; ');
