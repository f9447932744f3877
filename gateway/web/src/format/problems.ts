// What went wrong with a question or a change, in words for whoever asked.

import { ApiError } from '../api/api';

const byStatus: Record<number, string> = {
  401: 'Sign in to see this',
  403: 'This browser may not do that',
  404: 'There is nothing of this here',
  413: 'That is too much at once',
  429: 'Too many tries; wait a moment',
  500: 'The gateway failed on this',
  503: 'Not ready yet; the page keeps trying',
};

export const OUT_OF_REACH = 'The gateway is out of reach';

/** Of a question whose answer is missing. */
export function absenceWords(error: Error): string {
  if (!(error instanceof ApiError)) return OUT_OF_REACH;
  return byStatus[error.status] ?? (error.status >= 500 ? 'The gateway cannot answer now' : 'This cannot be shown');
}

/** Of a change that was refused: what is wrong with it, where the gateway says so field by field or in a sentence. */
export function problemWords(error: Error): string {
  if (!(error instanceof ApiError)) return OUT_OF_REACH;
  const sentences = error.errors.map((one) => one.message);
  const words = [...new Set(sentences)].join('; ') || (error.status < 500 ? error.message : absenceWords(error));
  return words.charAt(0).toUpperCase() + words.slice(1);
}
