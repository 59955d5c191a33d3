import { run } from '@callwire/runtime'
import { environment } from './config.ts'
import { createTranscriber } from './context.ts'

await run('transcriber', (life) => createTranscriber(environment(), life))
