import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

// The page of the bucket of minute tiles: built apart, with addresses that hold below any prefix.
export default defineConfig({
  root: 'ring',
  base: './',
  plugins: [svelte()],
  build: { outDir: '../../static/ring', emptyOutDir: true, target: 'es2022', reportCompressedSize: true },
});
