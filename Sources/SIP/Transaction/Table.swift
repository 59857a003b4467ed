/// Values by key, each in a place of its own that does not move: large values are read and changed where they are.
///
/// A dictionary hands out a copy to read and moves a value out and back to change it, which costs more than the change where the value
/// is as large as a call. The interface is the dictionary's. Public only so that other modules get it specialised for their types.
public struct Table<Key: Hashable & Sendable, Value: Sendable>: Sendable, ExpressibleByDictionaryLiteral {
  @usableFromInline var places: [Key: Int] = [:]
  @usableFromInline var free: [Int] = []
  @usableFromInline var slots = TableSlots<Value>(capacity: 8)

  /// An empty table.
  @inlinable
  public init() {}

  /// Of values by key.
  @inlinable
  public init(dictionaryLiteral elements: (Key, Value)...) {
    for (key, value) in elements { self[key] = value }
  }

  /// How many values there are, those included that are taken out to be put back.
  @inlinable public var count: Int { places.count }

  /// Whether there is none.
  @inlinable public var isEmpty: Bool { places.isEmpty }

  /// In no order.
  @inlinable public var keys: Dictionary<Key, Int>.Keys { places.keys }

  /// In no order that means anything.
  @inlinable public var values: [Value] { places.values.compactMap { slots.base[$0] } }

  /// The value of a key, where it lies; set to nil, it is gone.
  @inlinable
  public subscript(key: Key) -> Value? {
    _read {
      if let place = places[key] {
        yield slots.base[place]
      } else {
        yield nil
      }
    }
    _modify {
      makeUnique()
      if let place = places[key] {
        yield &slots.base[place]
        if slots.base[place] == nil { release(key, place) }
      } else {
        var value: Value?
        yield &value
        if let value { insert(value, for: key) }
      }
    }
  }

  /// Takes a value out for good; nil where there is none.
  @inlinable
  @discardableResult
  public mutating func removeValue(forKey key: Key) -> Value? {
    guard let place = places[key] else { return nil }
    let value = take(key)
    release(key, place)
    return value
  }

  /// Takes a value out and keeps its place, to be put back soon; until then it reads as nil.
  @inlinable
  public mutating func take(_ key: Key) -> Value? {
    guard let place = places[key] else { return nil }
    makeUnique()
    let value = (slots.base + place).move()
    (slots.base + place).initialize(to: nil)
    return value
  }

  /// Changes a value; nil where there is none.
  ///
  /// It is moved out meanwhile, without a copy.
  @inlinable
  public mutating func update<Answer>(_ key: Key, _ change: (inout Value) -> Answer) -> Answer? {
    guard let place = places[key], var value = take(key) else { return nil }
    let answer = change(&value)
    slots.base[place] = consume value
    return answer
  }

  @inlinable
  mutating func insert(_ value: Value, for key: Key) {
    if let place = free.popLast() {
      places[key] = place
      slots.base[place] = value
    } else {
      places[key] = slots.count
      slots.append(value)
    }
  }

  @inlinable
  mutating func release(_ key: Key, _ place: Int) {
    places[key] = nil
    free.append(place)
  }

  @inlinable
  mutating func makeUnique() {
    if !isKnownUniquelyReferenced(&slots) { slots = slots.copy() }
  }
}

/// The places of a table, whether taken or free.
///
/// One owner; a copy of the table makes its own before it changes anything.
public final class TableSlots<Value: Sendable>: @unchecked Sendable {
  @usableFromInline var base: UnsafeMutablePointer<Value?>
  @usableFromInline var count = 0
  @usableFromInline var capacity: Int

  @inlinable
  init(capacity: Int) {
    self.capacity = capacity
    base = .allocate(capacity: capacity)
  }

  @inlinable
  deinit {
    base.deinitialize(count: count)
    base.deallocate()
  }

  @inlinable
  func append(_ value: Value) {
    if count == capacity {
      let larger = UnsafeMutablePointer<Value?>.allocate(capacity: capacity * 2)
      larger.moveInitialize(from: base, count: count)
      base.deallocate()
      base = larger
      capacity *= 2
    }
    (base + count).initialize(to: value)
    count += 1
  }

  @inlinable
  func copy() -> TableSlots {
    let other = TableSlots(capacity: capacity)
    other.base.initialize(from: base, count: count)
    other.count = count
    return other
  }
}
