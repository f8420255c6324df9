export * from '../a/route'
