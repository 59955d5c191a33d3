import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  absoluteRecordingsUrl,
  isRecordingsUrl,
  recordingSettings,
  recordingVariables,
} from './settings.ts'

const schema = z.object(recordingVariables)
const read = (env: Record<string, string>) => recordingSettings(schema.parse(env))

describe('RECORDINGS_URL', () => {
  it('unset records nothing', () => {
    expect(read({})).toBeNull()
  })

  it.each([
    ['file:///var/lib/callwire/recordings', '/var/lib/callwire/recordings'],
    ['file:///with%20space/', '/with space'],
    ['FILE:///upper', '/upper'],
  ])('%s is a directory', (url, directory) => {
    expect(read({ RECORDINGS_URL: url })).toEqual({ kind: 'file', directory })
  })

  it.each([
    ['s3://bucket', 'bucket', ''],
    ['s3://bucket/', 'bucket', ''],
    ['s3://my.bucket-1/kept/audio/', 'my.bucket-1', 'kept/audio/'],
  ])('%s is a place in a bucket', (url, bucket, prefix) => {
    const place = { kind: 's3', bucket, prefix }
    expect(read({ RECORDINGS_URL: url })).toEqual({
      ...place,
      region: undefined,
      endpoint: undefined,
    })
    const env = {
      RECORDINGS_URL: url,
      AWS_REGION: 'ap-south-1',
      AWS_ENDPOINT_URL: 'http://any:9000',
      AWS_ENDPOINT_URL_S3: 'https://s3.example/',
    }
    expect(read(env)).toEqual({ ...place, region: 'ap-south-1', endpoint: 'https://s3.example/' })
    const { AWS_ENDPOINT_URL_S3: _, ...general } = env
    expect(read(general)).toMatchObject({ endpoint: 'http://any:9000' })
  })

  it.each([
    'recordings',
    '/var/recordings',
    'file:recordings',
    'file:/',
    'file:///',
    'file://host/recordings',
    'file:///a%2Fb',
    'file:///a?b',
    'https://bucket.s3.amazonaws.com/',
    's3:bucket',
    's3:///bucket',
    's3://UPPER_case!/x',
    's3://b/x',
    's3://bucket/../x y',
    's3://bucket/.hidden',
    's3://key:secret@bucket/',
    's3://key@bucket/',
    's3://bucket?x=1',
    's3://bucket:9000/',
  ])('%s stops the start, and is not repeated', (url) => {
    const parsed = schema.safeParse({ RECORDINGS_URL: url })
    expect(parsed.success).toBe(false)
    expect(parsed.error?.issues[0]?.path).toEqual(['RECORDINGS_URL'])
    expect(parsed.error?.message).not.toContain('secret')
  })

  it.each(['ftp://x', 'https://user:pw@x', 'https://x/path', 'https://x?y'])(
    'an endpoint %s stops it, too',
    (url) => {
      expect(schema.safeParse({ AWS_ENDPOINT_URL_S3: url }).success).toBe(false)
      expect(schema.safeParse({ AWS_ENDPOINT_URL: url }).success).toBe(false)
    },
  )

  it('may be relative to the data directory, for a person', () => {
    expect(absoluteRecordingsUrl('file:recordings', '/data dir')).toBe(
      'file:///data%20dir/recordings',
    )
    expect(absoluteRecordingsUrl('s3://bucket/x', '/data')).toBe('s3://bucket/x')
    expect(absoluteRecordingsUrl('file:///abs', '/data')).toBe('file:///abs')
    expect(isRecordingsUrl('file:recordings')).toBe(true)
    expect(isRecordingsUrl('file:')).toBe(false)
    expect(isRecordingsUrl('recordings')).toBe(false)
  })
})
