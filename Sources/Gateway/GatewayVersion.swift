/// The version of this product.
package enum GatewayVersion {
  package static let text = "0.2.0"
}
