import { describe, expect, it } from 'vitest';
import { ApiError, type SettingsField } from '../api/api';
import { boundsOf, defaultOf, sentencesAbout } from './fields';

const field = (path: string, given: Partial<SettingsField>): SettingsField => ({
  path,
  description: null,
  minimum: null,
  above: null,
  maximum: null,
  longest: null,
  unit: null,
  choices: null,
  default: null,
  ...given,
});
const fields = {
  fields: [
    field('motion.min_area', { minimum: 100, maximum: 10_000, unit: 'px' }),
    field('rois.weight', { above: 0, maximum: 1000, default: 1 }),
    field('rois.name', { longest: 64 }),
    field('rois.visual_coordinates', {}),
  ],
};

describe('bounds of a field', () => {
  it('are those that the server names, in its unit', () => {
    expect(boundsOf(fields, 'motion.min_area')).toEqual({ min: 100, max: 10_000, hint: '100 to 10,000 px' });
    expect(boundsOf(fields, 'rois.weight')).toEqual({ min: 0, max: 1000, hint: 'above 0 to 1,000' });
    expect(boundsOf(fields, 'rois.name')).toEqual({ maxlength: 64, hint: '' });
  });
  it('are none while the server has not said them', () => {
    expect(boundsOf(null, 'motion.min_area')).toEqual({ hint: '' });
    expect(boundsOf(fields, 'rois.visual_coordinates')).toEqual({ hint: '' });
  });
});

describe('the default of a field', () => {
  it('is the number that the server says', () => {
    expect(defaultOf(fields, 'rois.weight')).toBe(1);
    expect(defaultOf(fields, 'rois.name')).toBeNull();
    expect(defaultOf(null, 'rois.weight')).toBeNull();
  });
});

describe('a refusal', () => {
  const error = new ApiError(400, 'the body does not fit', [
    { path: 'motion.min_area', message: 'too large' },
    { path: 'rois.0.weight', message: 'too small' },
  ]);
  it('is told at the field that it is about', () => {
    expect(sentencesAbout(error, 'motion.min_area')).toBe('too large');
    expect(sentencesAbout(error, 'rois.0')).toBe('too small');
    expect(sentencesAbout(error, 'motion.sensitivity')).toBe('');
    expect(sentencesAbout(null, 'motion')).toBe('');
  });
});
