import { describe, expect, it } from 'vitest';
import { Answers, momentAsked } from './answers.ts';

const TEN = Date.parse('2026-01-05T10:00:00Z');
const MINUTE = 60_000;

describe('an address', () => {
  it('is a question and the moment it is about', () => {
    expect(momentAsked('/api/v1/alerts?site=DEMO&as_of=2026-01-05T10%3A00%3A00.000Z&limit=5')).toEqual({
      question: '/api/v1/alerts?site=DEMO&limit=5',
      at: TEN,
    });
    expect(momentAsked('/api/v1/sites?as_of=2026-01-05T10:00:00Z')).toEqual({ question: '/api/v1/sites', at: TEN });
  });

  it('without a moment is about now', () => {
    expect(momentAsked('/api/v1/alerts?site=DEMO')).toEqual({ question: '/api/v1/alerts?site=DEMO', at: null });
  });
});

describe('answers of the past', () => {
  it('are found at their moment', () => {
    const answers = new Answers(4);
    answers.put('/sites', TEN, 'ten');

    expect(answers.nearest('/sites', TEN, MINUTE)).toEqual({ at: TEN, answer: 'ten' });
  });

  it('stand in for the moments after them, never for those before', () => {
    const answers = new Answers(4);
    answers.put('/sites', TEN, 'ten');
    answers.put('/sites', TEN + 20_000, 'later');

    expect(answers.nearest('/sites', TEN + 10_000, MINUTE)).toEqual({ at: TEN, answer: 'ten' });
    expect(answers.nearest('/sites', TEN - 1, MINUTE)).toBeNull();
  });

  it('do not stand in for what is too far away, nor for another question', () => {
    const answers = new Answers(4);
    answers.put('/sites', TEN, 'ten');

    expect(answers.nearest('/sites', TEN + MINUTE + 1, MINUTE)).toBeNull();
    expect(answers.nearest('/alerts', TEN, MINUTE)).toBeNull();
  });

  it('are forgotten by the longest unused', () => {
    const answers = new Answers(2);
    answers.put('/sites', TEN, 'first');
    answers.put('/sites', TEN + 1, 'second');
    answers.nearest('/sites', TEN, 0);
    answers.put('/sites', TEN + 2, 'third');

    expect(answers.size).toBe(2);
    expect(answers.nearest('/sites', TEN, 0)?.answer).toBe('first');
    expect(answers.nearest('/sites', TEN + 1, 0)).toBeNull();
  });
});
