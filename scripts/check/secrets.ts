import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { lintSource } from '@secretlint/core'
import { creator as preset } from '@secretlint/secretlint-rule-preset-recommend'
import { trackedFiles } from './tracked-files.ts'

/** Larger files are data: fixtures of published test vectors. */
const MAX_BYTES = 512 * 1024

/**
 * Places that look like secrets and are none, each with its reason. A test makes up what it needs to
 * refuse or to scrub.
 */
const MADE_UP: readonly RegExp[] = [
  /\.test\.ts$/,
  /\/testing\//,
  /\/test-support\//,
  /\/fixtures\//,
]

/** Our own keys, which no general tool knows. */
const OWN_KEY = /\bcw_[A-Za-z0-9_-]{43}\b/

/** No secret is in the tree. What is found is named by place and kind, never shown. */
export async function checkSecrets(root: string): Promise<string[]> {
  const problems: string[] = []
  for (const path of await trackedFiles(root)) {
    const file = join(root, path)
    const stat = statSync(file, { throwIfNoEntry: false })
    if (stat === undefined || !stat.isFile() || stat.size > MAX_BYTES) continue
    const content = readFileSync(file, 'utf8')
    if (content.includes('\0') || MADE_UP.some((place) => place.test(path))) continue
    if (OWN_KEY.test(content)) problems.push(`${path}: an API key of ours`)
    const result = await lintSource({
      source: { filePath: file, content, contentType: 'text', ext: path.split('.').at(-1) ?? '' },
      options: {
        config: {
          rules: [
            { id: '@secretlint/secretlint-rule-preset-recommend', rule: preset, options: {} },
          ],
        },
        noPhysicFilePath: true,
      },
    })
    for (const message of result.messages) {
      problems.push(`${path}:${String(message.loc.start.line)}: ${message.ruleId}`)
    }
  }
  return problems
}
