import js from '@eslint/js'
import { defineConfig } from 'eslint/config'
import tseslint from 'typescript-eslint'

const interpolatedLog = 'Log messages are constants; put the data in fields.'
const environment = 'Only config.ts reads the environment.'

/** What the whole code base may not say, with the sentence that helps. */
const forbidden = [
  {
    selector:
      'CallExpression[callee.type="MemberExpression"][callee.object.name=/^(log|logger)$/] > TemplateLiteral[expressions.length>0]',
    message: interpolatedLog,
  },
  {
    selector:
      'CallExpression[callee.type="MemberExpression"][callee.object.name=/^(log|logger)$/] > BinaryExpression',
    message: interpolatedLog,
  },
  {
    selector:
      'CallExpression[callee.object.property.name="log"] > TemplateLiteral[expressions.length>0]',
    message: interpolatedLog,
  },
]

const noEnvironment = {
  selector: 'MemberExpression[object.name="process"][property.name="env"]',
  message: environment,
}

export default defineConfig(
  { ignores: ['**/node_modules/**', '**/dist/**', '.tools/**', '.data/**'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      'no-restricted-syntax': ['error', ...forbidden, noEnvironment],
      'max-lines': ['error', { max: 300, skipComments: true, skipBlankLines: true }],
      '@typescript-eslint/consistent-type-definitions': ['error', 'type'],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/dot-notation': 'off',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_' },
      ],
    },
  },
  {
    // The environment is read by a service's config, by the two programs a person starts, and by tests' set-up.
    files: [
      '**/config.ts',
      '**/config.test.ts',
      'packages/cli/src/main.ts',
      'packages/launcher/src/main.ts',
      'tests/setup/**',
    ],
    rules: { 'no-restricted-syntax': ['error', ...forbidden] },
  },
  {
    files: ['**/*.mjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        URL: 'readonly',
        fetch: 'readonly',
      },
    },
  },
)
