import { expect, test } from 'vitest'
import { claimsIn } from './doc-claims.ts'

test.each([
  ['[a](docs/a.md)', [{ kind: 'link', text: 'docs/a.md' }]],
  ['[a](../b.md#part) and [web](https://x.in/y)', [{ kind: 'link', text: '../b.md' }]],
  ['see `packages/db/src/schema`', [{ kind: 'path', text: 'packages/db/src/schema' }]],
  ['`services/<name>/src` and `packages/*/README.md` are patterns', []],
  ['run `npm run demo -- --once`', [{ kind: 'script', text: 'demo' }]],
  [
    '`npm run cli -- calls tail <id>`',
    [
      { kind: 'script', text: 'cli' },
      { kind: 'command', text: 'calls tail' },
    ],
  ],
  ['`node services/gateway/src/main.ts`', [{ kind: 'path', text: 'services/gateway/src/main.ts' }]],
  ['prose about callwire, and nothing else', []],
])('%s', (markdown, claims) => expect(claimsIn(markdown)).toEqual(claims))
