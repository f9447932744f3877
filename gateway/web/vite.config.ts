import { svelte } from '@sveltejs/vite-plugin-svelte';
import { svelteTesting } from '@testing-library/svelte/vite';
import { defineConfig } from 'vitest/config';
import { fakeGateway } from './dev/fake.ts';

// With WATCHPOST_URL the development server passes requests on to a running gateway; without it, it plays one.
const gateway = process.env['WATCHPOST_URL'];
const served = ['/api', '/heatmaps', '/media', '/hls', '/live', '/health', '/ready'];

const PLAIN = 'src/{api,format,state}/**/*.test.ts';

export default defineConfig({
  plugins: [svelte(), svelteTesting({ autoCleanup: false }), ...(gateway ? [] : [fakeGateway()])],
  build: {
    outDir: '../static',
    emptyOutDir: true,
    target: 'es2022',
    reportCompressedSize: true,
    // What the first picture needs comes in one file, also where views that come later need parts of it.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'start', tags: ['$initial'] }] } } },
  },
  server: gateway ? { proxy: Object.fromEntries(served.map((path) => [path, gateway])) } : {},
  test: {
    environment: 'node',
    // What was compiled is compiled again only when its text, or this file, has changed.
    experimental: { fsModuleCache: true, fsModuleCachePath: 'node_modules/.cache/vitest' },
    projects: [
      // What draws nothing leaves nothing behind: its files share a process, which is half of what they cost.
      { extends: true, test: { name: 'plain', include: [PLAIN], isolate: false } },
      { extends: true, test: { name: 'drawn', include: ['src/**/*.test.ts'], exclude: [PLAIN] } },
    ],
  },
});
