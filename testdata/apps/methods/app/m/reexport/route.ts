export { GET as PUT } from '../get/route'
export * from '../post/route'
