const Component = (props: { name: string }) => <p>{props.name}</p>

export const GET = () => {
  const element = <><Component name="a" key="k" /></>
  const inner = (element.props as any).children
  return Response.json({ type: typeof inner.type, key: inner.key, name: inner.props.name })
}
