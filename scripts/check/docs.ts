import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createProgram } from '@callwire/cli'
import type { Command } from 'commander'
import { claimsIn, type Claim } from './doc-claims.ts'
import { trackedFiles } from './tracked-files.ts'

/** Documents say true things: paths exist, links lead somewhere, commands are commands. */
export async function checkDocs(root: string): Promise<string[]> {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  const commands = commandNames()
  const isTrue = (claim: Claim, folder: string): boolean => {
    switch (claim.kind) {
      case 'link':
        return existsSync(join(root, folder, claim.text)) || existsSync(join(root, claim.text))
      case 'path':
        return existsSync(join(root, claim.text)) || existsSync(join(root, folder, claim.text))
      case 'script':
        return Object.hasOwn(manifest.scripts, claim.text)
      case 'command':
        return commands.has(claim.text)
    }
  }
  const documents = (await trackedFiles(root)).filter(
    (path) => path.endsWith('.md') && existsSync(join(root, path)),
  )
  return documents.flatMap((path) =>
    claimsIn(readFileSync(join(root, path), 'utf8'))
      .filter((claim) => !isTrue(claim, dirname(path)))
      .map((claim) => `${path}: no such ${claim.kind}: ${claim.text}`),
  )
}

/** `tenant create`, `calls tail`, …, and their first words alone. */
function commandNames(): Set<string> {
  const silent = { write: () => true }
  const program = createProgram({
    env: {},
    cwd: '.',
    stdout: silent,
    stderr: silent,
    signal: new AbortController().signal,
  })
  const names = new Set<string>()
  const visit = (command: Command, prefix: string) => {
    for (const sub of command.commands) {
      const name = `${prefix}${sub.name()}`
      names.add(name)
      visit(sub, `${name} `)
    }
  }
  visit(program, '')
  return names
}
