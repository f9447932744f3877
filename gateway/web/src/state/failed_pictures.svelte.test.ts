// @vitest-environment happy-dom
import { expect, it, onTestFinished } from 'vitest';
import '../../dev/browser';
import { live } from '../api/live.svelte';
import { OUT_OF_REACH } from '../format/problems';
import { FailedPictures, absentPicture } from './failed_pictures.svelte';

it('asks again for a picture that failed once the hub is reached again', () => {
  const failed = new FailedPictures();
  failed.add('/media/one.jpg');
  expect(failed.has('/media/one.jpg')).toBe(true);

  live.generation += 1;
  expect(failed.has('/media/one.jpg')).toBe(false);
});

it('says nothing of what is kept while the hub is away', () => {
  expect(absentPicture('The picture is no longer kept')).toBe('The picture is no longer kept');

  live.online = false;
  onTestFinished(() => void (live.online = true));
  expect(absentPicture('The picture is no longer kept')).toBe(OUT_OF_REACH);
});
