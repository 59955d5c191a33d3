import { CliFailure } from '../failure.ts'

/** Asks a running simulator's control API. */
export async function askSimulator(
  url: string,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<unknown> {
  let response: Response
  try {
    response = await fetch(new URL(path, url), {
      method,
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(ANSWER_MS),
    })
  } catch {
    throw new CliFailure(`No simulator answers at ${new URL(url).origin}.`)
  }
  const text = await response.text()
  const answer = parse(text)
  if (!response.ok)
    throw new CliFailure(
      `The simulator refused (HTTP ${String(response.status)}): ${text.slice(0, 500)}`,
    )
  return answer
}

/** It answers from memory. */
const ANSWER_MS = 5_000

function parse(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text)
  } catch {
    return text
  }
}
