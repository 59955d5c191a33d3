import { describe, expect, it } from 'vitest'

import { firstOf } from './find-redis.ts'
import { redisConfig } from './redis-config.ts'
import { dependencyNames } from './redis-debian.ts'
import { isRecentEnough, parseRedisVersion } from './redis-program.ts'
import { parseNobody } from './unprivileged.ts'

describe('parseNobody', () => {
  it.each([
    ['nobody:x:65534:65533:nobody:/nonexistent:/usr/sbin/nologin', { uid: 65_534, gid: 65_533 }],
    ['root:x:0:0::/root:/bin/sh\nnobody:x:99:99:::', { uid: 99, gid: 99 }],
    ['root:x:0:0::/root:/bin/sh', null],
    ['nobody:x:0:0:::', null],
    ['nobody:x:', null],
  ])('reads %j', (passwd, runner) => {
    expect(parseNobody(passwd)).toEqual(runner)
  })
})

describe('parseRedisVersion', () => {
  it.each([
    ['Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64', [7, 0], true],
    ['Valkey server v=8.1.1 sha=00000000:0', [8, 1], true],
    ['Redis server v=6.2.14 sha=00000000:0', [6, 2], false],
    ['something else', null, false],
  ] as const)('reads %j', (output, version, recentEnough) => {
    const parsed = parseRedisVersion(output)
    expect(parsed).toEqual(version)
    expect(parsed !== null && isRecentEnough(parsed)).toBe(recentEnough)
  })
})

describe('dependencyNames', () => {
  it('takes the first alternative of each dependency', () => {
    const fields = [
      'Depends: libatomic1 (>= 4.8), libc6 (>= 2.34), libssl3 (>= 3.0.0) | libssl1.1,',
      ' lua-bitop (>= 1.0.2~) | lua5.2',
      'Pre-Depends: init-system-helpers (>= 1.54~)',
    ]
    expect(dependencyNames(fields.join('\n'))).toEqual([
      'libatomic1',
      'libc6',
      'libssl3',
      'lua-bitop',
      'init-system-helpers',
    ])
  })

  it('finds none in nothing', () => {
    expect(dependencyNames('')).toEqual([])
  })
})

describe('redisConfig', () => {
  const base = { port: 1, bind: '127.0.0.1', dir: '/d', password: 'pw', durable: true }

  it('evicts nothing, asks for the password and listens where it is told', () => {
    const lines = redisConfig(base).split('\n')
    expect(lines).toContain('maxmemory-policy noeviction')
    expect(lines).toContain('appendonly yes')
    expect(lines).toContain('appendfsync everysec')
    expect(lines).toContain('requirepass pw')
    expect(lines).toContain('bind 127.0.0.1')
  })

  it('writes paths so that nothing in them is a directive', () => {
    expect(redisConfig({ ...base, dir: '/a "b" \\c' })).toContain('dir "/a \\"b\\" \\\\c"\n')
  })
})

describe('firstOf', () => {
  const no = (why: string) => async () => Promise.resolve({ kind: 'unavailable' as const, why })

  it('gives the first that is found and looks no further', async () => {
    const program = { kind: 'container', from: 'Docker', image: 'redis:7' } as const
    let lookedOn = false
    const found = await firstOf([
      no('not here'),
      async () => Promise.resolve({ kind: 'found', program }),
      async () => {
        lookedOn = true
        return Promise.resolve({ kind: 'unavailable', why: 'never asked' })
      },
    ])
    expect(found).toBe(program)
    expect(lookedOn).toBe(false)
  })

  it('lists the ways out in one sentence when there is none', async () => {
    await expect(firstOf([no('no redis on the PATH'), no('no Docker')])).rejects.toThrow(
      'No Redis 7.0 or later was found (no redis on the PATH; no Docker): install redis-server or valkey-server, start Docker, or set REDIS_URL.',
    )
  })
})
