import { describe, expect, it } from 'vitest'

import { createTerminal, cutToWidth } from './terminal.ts'

function screen(isTTY: boolean, columns = 20) {
  let text = ''
  return {
    stream: { write: (more: string) => (text += more), isTTY, columns },
    text: () => text,
  }
}

describe('createTerminal', () => {
  it('replaces the live line in place and keeps lines above it', () => {
    const { stream, text } = screen(true)
    const terminal = createTerminal(stream)
    terminal.live('hel')
    terminal.live('hello')
    terminal.keep(['a line'])
    terminal.live(null)
    expect(text()).toBe('\r\u001b[2Khel\r\u001b[2Khello\r\u001b[2Ka line\nhello\r\u001b[2K')
  })

  it('prints no control characters and no live line where output is no terminal', () => {
    const { stream, text } = screen(false)
    const terminal = createTerminal(stream)
    terminal.live('hello')
    terminal.keep(['a line'])
    terminal.live(null)
    expect(text()).toBe('a line\n')
  })

  it('never fills the last column', () => {
    const { stream, text } = screen(true, 10)
    createTerminal(stream).live('0123456789')
    expect(text()).toBe('\r\u001b[2K…23456789')
  })
})

describe('cutToWidth', () => {
  it.each([
    ['short', 10, 'short'],
    ['exactly10!', 10, 'exactly10!'],
    ['one too many', 11, '…e too many'],
    ['日本語です', 5, '…です'],
    ['anything', 0, ''],
  ])('cuts %j to %d columns', (text, columns, cut) => {
    expect(cutToWidth(text, columns)).toBe(cut)
  })

  it('never cuts a letter from its vowel sign', () => {
    expect(cutToWidth('नमस्ते नेहा', 3)).toBe('…नेहा')
  })
})
