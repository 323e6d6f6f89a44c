"""The layers of deep learning under the names and with the arguments of torch.nn.functional: one family in each file."""
