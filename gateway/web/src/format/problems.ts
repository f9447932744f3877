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

/** Of a change: nothing tries it again by itself. */
const ofChange: Record<number, string> = {
  401: 'Sign in, and try again',
  503: 'Not ready yet; try again in a moment',
};

/**
 * Of a change that was refused: what is wrong with it, where the gateway says so field by field or in a sentence.
 * That it is not ready has a reason too, such as that the change was sent and is not seen yet.
 */
export function problemWords(error: Error): string {
  if (!(error instanceof ApiError)) return OUT_OF_REACH;
  const sentences = error.errors.map((one) => one.message);
  const isSaid = error.status !== 401 && (error.status < 500 || error.status === 503);
  const words =
    [...new Set(sentences)].join('; ') || (isSaid && error.message) || (ofChange[error.status] ?? absenceWords(error));
  return words.charAt(0).toUpperCase() + words.slice(1);
}
