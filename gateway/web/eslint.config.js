import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

export default ts.config(
    { ignores: ['node_modules', '.svelte-check', 'src/**/*.gen.ts', 'src/api/contract.ts'] },
    js.configs.recommended,
    ...ts.configs.strict,
    ...svelte.configs.recommended,
    {
        languageOptions: { globals: { ...globals.browser, ...globals.node } },
    },
    {
        files: ['**/*.svelte', '**/*.svelte.ts'],
        languageOptions: { parserOptions: { parser: ts.parser, extraFileExtensions: ['.svelte'], svelteConfig } },
    },
    {
        rules: {
            // Words of which each had several meanings: name what it is (an alert, a status, an outcome, a time range).
            'id-denylist': [
                'error',
                'told',
                'Told',
                'hear',
                'heard',
                'wish',
                'wishes',
                'glance',
                'stretch',
                'ledger',
                'patience',
            ],
            // Maps and sets that are not state are meant not to be: runes say what is drawn.
            'svelte/prefer-svelte-reactivity': 'off',
            // A part that hands its answer to its content has a named snippet everywhere, also where the answer is not used.
            'svelte/no-useless-children-snippet': 'off',
        },
    },
);
