import { describe, expect, it } from 'vitest'
import { decideRing, type RingDecision, type RingFacts } from './decide-ring.ts'

const arrange = (primary: string, ...drop: string[]): RingDecision => ({
  kind: 'arrange',
  primary,
  drop,
})
const keep = (...lacking: string[]): RingDecision => ({ kind: 'keep', lacking })

const start: RingFacts = {
  held: ['k1'],
  sealing: 'k1',
  offered: ['k1'],
  primary: null,
  retired: [],
  named: ['k1'],
}

describe('how a ring is arranged', () => {
  it.each<[string, Partial<RingFacts>, RingDecision]>([
    ['as it is, while nothing was introduced', {}, arrange('k1')],
    ['a new key is taken up and does not seal', { offered: ['k1', 'k2'] }, arrange('k1')],
    ['a new key does not seal for standing first', { offered: ['k2', 'k1'] }, arrange('k1')],
    [
      'a promoted key seals',
      { held: ['k1', 'k2'], offered: ['k1', 'k2'], primary: 'k2' },
      arrange('k2'),
    ],
    [
      'a promoted key that is not there leaves the ring sealing as it did',
      { primary: 'k2' },
      arrange('k1'),
    ],
    ['a key that rows name is not let go', { offered: ['k2'] }, keep('k1')],
    [
      'nor the one that seals, without any row',
      { offered: ['k2'], named: [], primary: 'k1' },
      keep('k1'),
    ],
    [
      'a key that nothing needs is let go with its line',
      { held: ['k1', 'k3'], offered: ['k1'] },
      arrange('k1'),
    ],
    [
      'a retired key is dropped though the text has it',
      {
        held: ['k2', 'k1'],
        sealing: 'k2',
        offered: ['k2', 'k1'],
        primary: 'k2',
        retired: ['k1'],
        named: ['k2'],
      },
      arrange('k2', 'k1'),
    ],
    [
      'and may go from the text',
      {
        held: ['k2', 'k1'],
        sealing: 'k2',
        offered: ['k2'],
        primary: 'k2',
        retired: ['k1'],
        named: ['k2'],
      },
      arrange('k2', 'k1'),
    ],
    [
      'a retired key that a row names all the same stays to re-seal it',
      {
        held: ['k2', 'k1'],
        sealing: 'k2',
        offered: ['k2', 'k1'],
        primary: 'k2',
        retired: ['k1'],
        named: ['k2', 'k1'],
      },
      arrange('k2'),
    ],
    [
      'and may not go from the text',
      {
        held: ['k2', 'k1'],
        sealing: 'k2',
        offered: ['k2'],
        primary: 'k2',
        retired: ['k1'],
        named: ['k2', 'k1'],
      },
      keep('k1'),
    ],
    [
      'a former primary takes over again',
      {
        held: ['k2', 'k1'],
        sealing: 'k2',
        offered: ['k2', 'k1'],
        primary: 'k1',
        named: ['k1', 'k2'],
      },
      arrange('k1'),
    ],
    [
      'a text without any key that could seal is left alone',
      { offered: ['k3'], named: [], primary: 'k2' },
      keep('k1'),
    ],
  ])('%s', (_name, facts, expected) => {
    expect(decideRing({ ...start, ...facts })).toEqual(expected)
  })
})
