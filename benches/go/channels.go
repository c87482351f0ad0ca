package main

import "reflect"

func pingPong(n uint64) uint64 {
	ping, pong := make(chan uint64), make(chan uint64)
	go func() {
		for value := range ping {
			pong <- value + 1
		}
	}()
	var sum uint64
	for i := uint64(0); i < n; i++ {
		ping <- i
		sum += <-pong
	}
	close(ping)
	return sum
}

// traffic sends n values through one channel of capacity 128.
func traffic(senders, receivers uint64) pass {
	return func(n uint64) uint64 {
		messages := make(chan uint64, 128)
		sent := make(chan struct{}, senders)
		for s := uint64(0); s < senders; s++ {
			go func(s uint64) {
				for value := s * (n / senders); value < (s+1)*(n/senders); value++ {
					messages <- value
				}
				sent <- struct{}{}
			}(s)
		}
		sums := make(chan uint64, receivers)
		for r := uint64(0); r < receivers; r++ {
			go func() {
				var sum uint64
				for value := range messages {
					sum += value
				}
				sums <- sum
			}()
		}
		for s := uint64(0); s < senders; s++ {
			<-sent
		}
		close(messages)
		var sum uint64
		for r := uint64(0); r < receivers; r++ {
			sum += <-sums
		}
		return sum
	}
}

// A selector takes n values from whichever channels are ready and returns their sum.
type selector func(channels []chan uint64, n uint64) uint64

func makeChannels(arms int) []chan uint64 {
	channels := make([]chan uint64, arms)
	for i := range channels {
		channels[i] = make(chan uint64)
	}
	return channels
}

func send(channel chan<- uint64, from, to uint64) {
	for value := from; value < to; value++ {
		channel <- value
	}
}

func oneHot(arms int, take selector) pass {
	return func(n uint64) uint64 {
		channels := makeChannels(arms)
		go send(channels[arms/2], 0, n)
		return take(channels, n)
	}
}

func allHot(arms int, take selector) pass {
	return func(n uint64) uint64 {
		channels := makeChannels(arms)
		each := n / uint64(arms)
		for i, channel := range channels {
			go send(channel, uint64(i)*each, uint64(i+1)*each)
		}
		return take(channels, each*uint64(arms))
	}
}

func select2(c []chan uint64, n uint64) uint64 {
	a, b := c[0], c[1]
	var sum uint64
	for i := uint64(0); i < n; i++ {
		select {
		case v := <-a:
			sum += v
		case v := <-b:
			sum += v
		}
	}
	return sum
}

func select8(channels []chan uint64, n uint64) uint64 {
	a, b, c, d := channels[0], channels[1], channels[2], channels[3]
	e, f, g, h := channels[4], channels[5], channels[6], channels[7]
	var sum uint64
	for i := uint64(0); i < n; i++ {
		select {
		case v := <-a:
			sum += v
		case v := <-b:
			sum += v
		case v := <-c:
			sum += v
		case v := <-d:
			sum += v
		case v := <-e:
			sum += v
		case v := <-f:
			sum += v
		case v := <-g:
			sum += v
		case v := <-h:
			sum += v
		}
	}
	return sum
}

func selectMany(channels []chan uint64, n uint64) uint64 {
	cases := make([]reflect.SelectCase, len(channels))
	for i, channel := range channels {
		cases[i] = reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(channel)}
	}
	var sum uint64
	for i := uint64(0); i < n; i++ {
		_, value, _ := reflect.Select(cases)
		sum += value.Uint()
	}
	return sum
}

func generate(limit uint64) chan uint64 {
	numbers := make(chan uint64)
	go func() {
		for number := uint64(2); number <= limit; number++ {
			numbers <- number
		}
		close(numbers)
	}()
	return numbers
}

func filter(input chan uint64, prime uint64) chan uint64 {
	output := make(chan uint64)
	go func() {
		for number := range input {
			if number%prime != 0 {
				output <- number
			}
		}
		close(output)
	}()
	return output
}

func primes(limit uint64) uint64 {
	var sum uint64
	numbers := generate(limit)
	for {
		prime, more := <-numbers
		if !more {
			return sum
		}
		sum += prime
		numbers = filter(numbers, prime)
	}
}

// sieveMessages is how many messages primes(limit) sends.
func sieveMessages(limit uint64) uint64 {
	var rank []uint64
	var sent uint64
	for number := uint64(2); number <= limit; number++ {
		passed := uint64(0)
		for _, prime := range rank {
			passed++
			if number%prime == 0 {
				break
			}
		}
		if passed == uint64(len(rank)) && (len(rank) == 0 || number%rank[len(rank)-1] != 0) {
			rank = append(rank, number)
			passed++
		}
		sent += passed
	}
	return sent
}
