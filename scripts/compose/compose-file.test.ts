import { readFileSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { nodeFlags, serviceNeeds } from '../../packages/launcher/src/services.ts'

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')
const compose = read('docker-compose.yml')
const example = read('.env.example')

/** Each top-level service with the names in its `environment`; anchors are left out. */
function environments(text: string): Map<string, string[]> {
  const services = text.slice(text.indexOf('\nservices:\n'), text.indexOf('\nnetworks:\n'))
  const found = new Map<string, string[]>()
  for (const [, name = '', body = ''] of services.matchAll(
    /^ {2}([a-z-]+):\n((?: {4}.*\n|\n)+)/gm,
  )) {
    const environment = /^ {4}environment:\n((?: {6}.*\n)+)/m.exec(body)?.[1] ?? ''
    found.set(
      name,
      [...environment.matchAll(/^ {6}([A-Z0-9_]+):/gm)].map(([, variable = '']) => variable),
    )
  }
  return found
}

const found = environments(compose)
const of = (service: string): string[] => found.get(service) ?? []

describe('docker-compose.yml', () => {
  it.each(Object.entries(serviceNeeds))('gives %s its own keys and no other', (service, needs) => {
    const keys = of(service).filter((name) => name.endsWith('_KEYS') || name === 'JWT_SECRET')
    const expected: string[] = [...needs.keys, ...(needs.jwtSecret ? ['JWT_SECRET'] : [])]
    expect(keys.sort()).toEqual(expected.sort())
  })

  it.each(Object.entries(serviceNeeds))('passes %s what it can be told', (service, needs) => {
    // The public origin is in what every service gets.
    const told = needs.variables.filter((name) => name !== 'PUBLIC_URL')
    expect(of(service)).toEqual(expect.arrayContaining(told))
  })

  it('gives each service its own login alone', () => {
    for (const [service, { database }] of Object.entries(serviceNeeds)) {
      expect(of(service).filter((name) => name.startsWith('DATABASE_'))).toEqual(
        database === null ? [] : ['DATABASE_URL'],
      )
      if (database !== null) {
        const password = `callwire_${database}:\${DATABASE_PASSWORD_${database.toUpperCase()}`
        expect(compose.split(password).length).toBe(3)
      }
    }
  })

  it.each(Object.entries(nodeFlags))('starts %s with the flags it needs', (service, flags) => {
    const program = [...flags, `services/${service}/src/main.ts`].join(', ')
    expect(compose).toContain(`    command: [node, ${program}]\n`)
  })

  it('gives the store of recordings, and its account, to those who speak to it', () => {
    const holders = compose.split('<<: [*every-service, *recordings]').length - 1
    const volumes = compose.split("volumes: ['recordings:/var/lib/callwire/recordings']").length - 1
    const speakers = Object.entries(serviceNeeds).filter(([, { variables }]) =>
      variables.includes('RECORDINGS_URL'),
    )
    expect([holders, volumes]).toEqual([speakers.length, speakers.length])
    for (const [service] of speakers) expect(of(service)).toContain('RECORDINGS_URL')
    expect([...found.values()].flat().some((name) => name.startsWith('AWS_'))).toBe(false)
  })

  it('gives the master ring to nobody', () => {
    expect(compose).not.toContain('ENCRYPTION_KEY')
  })

  it('gives what makes backups a login that only reads and the half of a key that only seals', () => {
    expect(of('backup')).toEqual(['DATABASE_URL_BACKUP', 'BACKUP_SEAL_KEYS'])
    expect(compose).not.toContain('BACKUP_OPEN_KEYS')
    const others = [...found].filter(([, names]) => names.includes('BACKUP_SEAL_KEYS'))
    expect(others.map(([service]) => service)).toEqual(['backup'])
  })

  it('publishes on loopback alone', () => {
    const published = [...compose.matchAll(/^ +ports: \['(.*)'\]$/gm)].map(([, port]) => port)
    expect(published).toHaveLength(3)
    for (const port of published) expect(port).toMatch(/^127\.0\.0\.1:/)
  })

  it('asks for nothing that .env.example does not explain', () => {
    const fromShell = ['CALLWIRE_API_KEY']
    const asked = new Set([...compose.matchAll(/\$\{([A-Z0-9_]+)/g)].map(([, name]) => name))
    const explained = [...example.matchAll(/^([A-Z0-9_]+)=/gm)].map(([, name]) => name)
    expect([...asked].filter((name) => !explained.includes(name))).toEqual(fromShell)
  })
})
