// JSX is only syntax here: an element is made, not rendered.
export const GET = () => {
  const element = <p className="x">text</p>
  return Response.json({ type: element.type, className: element.props.className, children: element.props.children })
}
