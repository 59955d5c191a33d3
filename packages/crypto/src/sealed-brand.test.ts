import { expect, it } from 'vitest'
import { sealContent, type Sealed } from './index.ts'
import { context, ringsOf } from './testing/samples.ts'

/** A column that takes sealed values alone. */
function store(sealed: Sealed): string {
  return sealed
}

it('only what this package sealed passes as sealed: the compiler holds it', () => {
  const sealed = sealContent(ringsOf(1).content, context, 'text')
  expect(store(sealed)).toBe(sealed)
  // @ts-expect-error a text is not sealed because it looks so
  store('cw1d.k1.head.body')
  // @ts-expect-error nor because it is part of one
  store(sealed.slice(0))
  // @ts-expect-error nor because it holds one
  store(`${sealed}\n`)
  // @ts-expect-error nor by claiming to be
  store(Object.assign('text', { sealedBrand: true as const }))
})
