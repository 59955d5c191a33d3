import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export type Manifest = {
  name: string
  layer?: number
  dependencies?: Record<string, string>
}

/** Talks to nobody else's code: it stands for somebody outside. */
const STAND_INS = new Set(['@callwire/exotel-simulator'])

const WORKSPACES = ['{packages,services,tests}/*/package.json', '{scripts,bench}/package.json']

/** Every workspace declares its layer and depends only on lower ones. devDependencies are not layered. */
export function checkLayers(root: string): Promise<string[]> {
  const paths = globSync(WORKSPACES, { cwd: root })
  const manifests = paths.map(
    (path) => JSON.parse(readFileSync(join(root, path), 'utf8')) as Manifest,
  )
  return Promise.resolve(layerProblems(manifests))
}

/** The pure part of {@link checkLayers}. */
export function layerProblems(manifests: readonly Manifest[]): string[] {
  const layerOf = new Map(manifests.map((manifest) => [manifest.name, manifest.layer]))
  return manifests.flatMap(({ name, layer, dependencies = {} }) => {
    if (layer === undefined) return [`${name} declares no layer`]
    const ours = Object.keys(dependencies).filter((dependency) => layerOf.has(dependency))
    if (STAND_INS.has(name))
      return ours.map((dependency) => `${name} stands alone and may not depend on ${dependency}`)
    return ours
      .filter((dependency) => (layerOf.get(dependency) ?? 0) >= layer)
      .map(
        (dependency) =>
          `${name} (layer ${layer}) may not depend on ${dependency} (layer ${layerOf.get(dependency) ?? 0})`,
      )
  })
}
