import { expect, it } from 'vitest';
import { ApiError } from '../api/api';
import { absenceWords, problemWords } from './problems';

it('says of a change that was sent what the hub says of it, and never that the page tries it again', () => {
  const sent = new ApiError(503, 'the review was sent, and is not in the view of incidents yet');

  expect(problemWords(sent)).toBe('The review was sent, and is not in the view of incidents yet');
  for (const status of [401, 403, 429, 500, 502, 503, 504])
    expect(problemWords(new ApiError(status, ''))).not.toMatch(/keeps trying/);
});

it('asks who must sign in for a change to do so, in no words of programs', () => {
  expect(problemWords(new ApiError(401, 'a token is needed: sign in, or send it as a bearer'))).toBe(
    'Sign in, and try again',
  );
});

it('has words of its own where a proxy answers for the hub', () => {
  expect(problemWords(new ApiError(503, ''))).toBe('Not ready yet; try again in a moment');
  expect(problemWords(new ApiError(502, ''))).toBe('The gateway cannot answer now');
  expect(absenceWords(new ApiError(503, ''))).toBe('Not ready yet; the page keeps trying');
});
